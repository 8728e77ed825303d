"""Forms of a corpus: one test for each row of “Texts” in docs/inputs-texts.md."""

import bz2
import csv
import gzip
import io
import json
import lzma
import sys
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from precompute.config import RunConfig
from precompute.corpus import chat_template, compressed, data_sets, decoding, files, make_examples, read_documents
from precompute.corpus.documents import corpus_name, group_kind, is_data_set
from precompute.options import parser
from precompute.run import hub
from tests.support.tiny_models import tiny_tokenizer

TEXTS = ["one, with “signs”", "two\nlines", 'three "quoted"']
CHAT = [{"role": "user", "content": "a cat"}, {"role": "assistant", "content": "dogs"}]
TEMPLATE = "{{ bos_token }}{% for turn in messages %}{{ turn.role }}: {{ turn.content }}<|end|>{% endfor %}"


def csv_text(delimiter: str) -> str:
    text = io.StringIO()
    rows = csv.writer(text, delimiter=delimiter)
    rows.writerows([("n", "text"), *enumerate(TEXTS)])
    return text.getvalue()


def parquet_bytes() -> bytes:
    pq.write_table(pa.table({"text": TEXTS}), file := io.BytesIO())
    return file.getvalue()


def arrow_bytes(new=pa.ipc.new_file) -> bytes:
    table, file = pa.table({"n": [1, 2, 3], "text": TEXTS}), io.BytesIO()
    with new(file, table.schema) as writer:
        writer.write_table(table)
    return file.getvalue()


RECORDS = [{"text": text} for text in TEXTS]
FORMS = {  # by name: bytes, and the places of the three documents
    "a.txt": ("\n\n".join(TEXTS).encode(), ["line 1", "line 3", "line 6"]),
    "a.md": ("\n\n".join(TEXTS).encode(), ["line 1", "line 3", "line 6"]),
    "a.jsonl": ("\n".join(map(json.dumps, RECORDS)).encode(), ["line 1", "line 2", "line 3"]),
    "a.json": (json.dumps(RECORDS, indent=1).encode(), ["row 0", "row 1", "row 2"]),
    "texts.json": (json.dumps(TEXTS).encode(), ["row 0", "row 1", "row 2"]),
    "a.csv": (csv_text(",").encode(), ["line 2", "line 3", "line 5"]),
    "a.tsv": (csv_text("\t").encode(), ["line 2", "line 3", "line 5"]),
    "a.parquet": (parquet_bytes(), ["row 0", "row 1", "row 2"]),
    "a.arrow": (arrow_bytes(), ["row 0", "row 1", "row 2"]),
    "stream.arrow": (arrow_bytes(pa.ipc.new_stream), ["row 0", "row 1", "row 2"]),
}
COMPRESSED = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": lambda raw: pa.compress(raw, "zstd", asbytes=True),
}


def write(path: Path, content: bytes | str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def names(documents) -> list[str]:
    return [each.group + each.name for each in documents.with_sources()]


@pytest.mark.parametrize("block", [decoding.BLOCK, 5])
@pytest.mark.parametrize("ending", COMPRESSED)
@pytest.mark.parametrize("name", FORMS)
def test_every_format_plain_and_compressed(tmp_path, name, ending, block, monkeypatch):
    monkeypatch.setattr(decoding, "BLOCK", block)
    raw, places = FORMS[name]
    corpus = write(tmp_path / f"{name}{ending}", COMPRESSED[ending](raw))
    assert list(read_documents(corpus)) == TEXTS
    assert names(read_documents(corpus)) == [f"{name}{ending} {place}" for place in places]
    assert group_kind(corpus) == "file"


@pytest.mark.parametrize("ending", [".gz", ".xz", ".zst"])
def test_compressed_file_of_several_streams(tmp_path, ending):
    parts = b"".join(COMPRESSED[ending](part) for part in (b"one\n\nt", b"wo"))
    assert list(read_documents(write(tmp_path / f"a.txt{ending}", parts))) == ["one", "two"]


@pytest.mark.parametrize("ending", [".gz", ".xz", ".zst"])
def test_damaged_compressed_files_are_refused_in_one_line(tmp_path, ending):
    whole = COMPRESSED[ending](b"a text of words\n\n" * 50_000)
    for name, content in (("cut", whole[: len(whole) // 2]), ("other", bz2.compress(b"text"))):
        with pytest.raises(ValueError, match=r"not a whole (gzip|xz|zstd) file") as error:
            list(read_documents(write(tmp_path / f"{name}.txt{ending}", content)))
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("ending", [".gz", ".xz", ".zst"])
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.parquet"])
def test_expansion_is_bounded(tmp_path, name, ending, monkeypatch):
    monkeypatch.setattr(compressed, "FREE", 2**20)
    head = b"PAR1" if name == "a.parquet" else b""
    corpus = write(tmp_path / f"{name}{ending}", COMPRESSED[ending](head + b" " * 2**24))
    with pytest.raises(ValueError, match=f"{ending}: it expands to more than 1,048,576 bytes and 250 times"):
        list(read_documents(corpus))


def test_xz_that_needs_much_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(compressed, "XZ_MEMORY", 2**20)
    with pytest.raises(ValueError, match="not a whole xz file"):
        read_documents(write(tmp_path / "a.txt.xz", lzma.compress(b"text")))


# files, folders, patterns


@pytest.fixture
def folder(tmp_path) -> Path:
    write(tmp_path / "texts/b/two.txt", "two")
    write(tmp_path / "texts/a/one.txt.gz", gzip.compress(b"one"))
    write(tmp_path / "texts/c.md", "three")
    write(tmp_path / "texts/.hidden/no.txt", "no")
    write(tmp_path / "texts/picture.png", b"\x89PNG\r\n\x1a\n")
    return tmp_path / "texts"


def test_folder(folder):
    documents = read_documents(str(folder))
    assert names(documents) == ["a/one.txt.gz line 1", "b/two.txt line 1", "c.md line 1"]
    assert documents.notes == ["picture.png beside the texts were not read"]
    assert corpus_name(str(folder)) == "texts"
    assert not is_data_set(str(folder))


def test_pattern(folder):
    assert names(read_documents(f"{folder}/**/*.txt*")) == ["a/one.txt.gz line 1", "b/two.txt line 1"]
    assert corpus_name(f"{folder}/**/*.txt*") == "*.txt*"


def test_several_files(folder):
    corpus = f"{folder}/c.md,{folder}/b"
    assert list(read_documents(corpus)) == ["three", "two"]
    assert corpus_name(corpus) == "c.md,b"
    with_comma = write(folder / "x,y.txt", "comma")
    assert list(read_documents(with_comma)) == ["comma"]


def test_command_line_joins_what_a_shell_makes_of_a_pattern():
    options = parser("").parse_args(["build", "--corpus", "a.txt", "b.txt", "--examples", "3"])
    assert (options.corpus, options.examples) == ("a.txt,b.txt", 3)


def test_texts_beside_tables_are_left_out(tmp_path):
    write(tmp_path / "README.md", "of the data set")
    write(tmp_path / "dataset_info.json", "{}")
    write(tmp_path / "data/train.jsonl", '{"text": "one"}')
    documents = read_documents(str(tmp_path))
    assert list(documents) == ["one"]
    assert documents.notes == ["README.md beside the texts were not read"]


def test_folder_that_datasets_saved(tmp_path):
    datasets = pytest.importorskip("datasets")
    saved = datasets.Dataset.from_dict({"text": TEXTS})
    saved.save_to_disk(str(tmp_path / "one"))
    assert list(read_documents(str(tmp_path / "one"))) == TEXTS
    datasets.DatasetDict({"train": saved, "test": saved}).save_to_disk(str(tmp_path / "both"))
    assert list(read_documents(str(tmp_path / "both" / "train"))) == TEXTS
    with pytest.raises(ValueError, match="splits test, train: name one, such as"):
        read_documents(str(tmp_path / "both"))


@pytest.mark.parametrize("place", ["{}/empty", "{}/*.txt", "{}/a.txt,{}/nowhere.txt"])
def test_files_that_are_not_there(tmp_path, place):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="use offline, a file, folder or pattern") as error:
        read_documents(place.format(tmp_path, tmp_path))
    assert "\n" not in str(error.value)


def test_atlas_is_not_written_over_files_of_a_pattern(tmp_path):
    write(tmp_path / "out/a.txt", "one")
    for corpus in (f"{tmp_path}/out/*.txt", f"b.txt,{tmp_path}/out/a.txt", str(tmp_path / "out")):
        with pytest.raises(ValueError, match="is inside"):
            RunConfig(corpus=corpus, out=str(tmp_path / "out")).check_inputs_apart()


# fields


@pytest.mark.parametrize(
    ("record", "field", "text"),
    [
        ({"a": {"b": "deep"}}, "a.b", "deep"),
        ({"a.b": "its own name", "a": {"b": "deep"}}, "a.b", "its own name"),
        ({"a": None}, "a.b", ""),
        ({"text": ["one", "two"]}, "text", "one\ntwo"),
        ({"pages": [{"text": "one"}, {"text": "two"}]}, "pages.text", "one\ntwo"),
        ({"text": CHAT}, "text", "a cat\n\ndogs"),
    ],
)
@pytest.mark.parametrize("kind", ["jsonl", "parquet", "arrow"])
def test_fields_within_fields_and_lists(tmp_path, record, field, text, kind):
    if kind == "jsonl":
        corpus = write(tmp_path / "a.jsonl", json.dumps(record))
    else:
        table = pa.Table.from_pylist([record])
        if kind == "parquet":
            pq.write_table(table, corpus := str(tmp_path / "a.parquet"))
        else:
            with pa.ipc.new_file(corpus := str(tmp_path / "a.arrow"), table.schema) as writer:
                writer.write_table(table)
    assert list(read_documents(corpus, field)) == [text]


@pytest.mark.parametrize(
    ("content", "field", "message"),
    [
        ('{"a": {"c": 1}}', "a.b", "line 1: no field 'a.b'; the fields are a"),
        ('{"text": [1, 2]}', "text", "line 1: 'text' is list of int, not text"),
        ('{"text": [{"who": "x"}]}', "text", "line 1: 'text' is list of dict, not text"),
    ],
)
def test_fields_without_text_are_refused(tmp_path, content, field, message):
    with pytest.raises(ValueError, match=message):
        list(read_documents(write(tmp_path / "a.jsonl", content), field))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", '[{"text": "a"}, {"text": ', "row 1: not JSON"),
        ("a.json", '[{"text": "a"}, 3]', "row 1: int; a .json is an array"),
        ("a.json", '[{"text": "a"}', "row 1: not JSON"),
        ("a.json", "[" * 100_000, "row 0: not JSON"),
        ("a.csv", "n,body\n1,a\n", "line 2: no field 'text'; the fields are n, body"),
        ("a.csv", 'text\na\n"never closed', "line 3: not a csv row"),
        ("a.arrow", "not arrow at all", "not an arrow file"),
    ],
)
def test_other_tables_are_refused_in_one_line(tmp_path, name, content, message):
    corpus = write(tmp_path / name, content)
    with pytest.raises(ValueError, match=message) as error:
        list(read_documents(corpus))
    assert "\n" not in str(error.value)


def test_json_is_streamed(tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "BLOCK", 16)
    assert next(iter(read_documents(write(tmp_path / "a.json", '[{"text": "first"}, not JSON')))) == "first"


def test_json_of_one_endless_member(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LONGEST_LINE", 100)
    monkeypatch.setattr(decoding, "BLOCK", 16)
    with pytest.raises(ValueError, match="row 0: not JSON within 100 characters"):
        list(read_documents(write(tmp_path / "a.json", '["' + "a" * 500)))


# chats


@pytest.fixture
def chat_tokenizer():
    tokenizer = tiny_tokenizer(bos_token="<s>", eos_token="<|end|>")
    tokenizer.chat_template = TEMPLATE
    return tokenizer


@pytest.mark.parametrize("turns", [CHAT, [{"from": "human", "value": "a cat"}, {"from": "gpt", "value": "dogs"}]])
def test_chat_is_written_by_the_tokenizers_template(tmp_path, chat_tokenizer, turns):
    corpus = write(tmp_path / "a.jsonl", json.dumps({"messages": turns}))
    documents = read_documents(corpus, "messages", template=chat_template(chat_tokenizer), end_of_text=["<|end|>"])
    examples = make_examples(documents.with_sources(), chat_tokenizer, 1, 40, "one")
    ids = examples.tokens[0, : examples.lengths[0]]
    assert chat_tokenizer.decode(ids) == "<s>user: a cat<|end|>assistant: dogs<|end|>", "one bos, as of every example"
    assert (ids == chat_tokenizer.eos_token_id).sum() == 2, "the template's special tokens are tokens"
    assert documents.notes == ["'messages' is a list of turns in 1 documents: joined by the tokenizer's chat template"]


def test_special_tokens_in_texts_beside_chats_stay_text(tmp_path, chat_tokenizer):
    lines = [{"text": "a <|end|> b"}, {"text": CHAT}, {"text": "c <|end|>"}]
    corpus = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, lines)))
    documents = read_documents(corpus, template=chat_template(chat_tokenizer))
    examples = make_examples(documents.with_sources(), chat_tokenizer, 3, 40, "one")
    assert (examples.tokens == chat_tokenizer.eos_token_id).sum(axis=1).tolist()[1] >= 2
    for row in (0, 2):
        assert (examples.tokens[row, : examples.lengths[row]] != chat_tokenizer.eos_token_id).all()


def test_template_that_refuses_turns(tmp_path, chat_tokenizer):
    chat_tokenizer.chat_template = "{{ raise_exception('roles must alternate') }}"
    corpus = write(tmp_path / "a.jsonl", json.dumps({"text": CHAT}))
    with pytest.raises(ValueError, match="line 1: the tokenizer's chat template refuses these turns"):
        list(read_documents(corpus, template=chat_template(chat_tokenizer)))


# the hub


class Library:
    """A double of `datasets`: data sets by (name, revision); `scripts` need a script."""

    def __init__(self, sets: dict, scripts: set):
        self.sets, self.scripts, self.calls = sets, scripts, []

    def load_dataset(self, name, config, split, streaming, revision=None):
        self.calls.append((name, config, split, revision))
        if (name, revision) in self.sets:
            return self.sets[name, revision]
        if name in self.scripts and revision is None:
            raise RuntimeError(f"Dataset scripts are no longer supported, but found {name.split('/')[1]}.py")
        raise FileNotFoundError(f"no {name} at {revision}")


@pytest.fixture
def library(monkeypatch):
    monkeypatch.setattr(hub, "reachable", lambda: True)

    def use(sets: dict, scripts: tuple = ()) -> Library:
        double = Library(sets, set(scripts))
        monkeypatch.setitem(sys.modules, "datasets", double)
        return double

    return use


def test_data_set_of_a_revision(library):
    double = library({("owner/name", "v1.0/x"): [{"text": "one"}]})
    documents = read_documents("owner/name:config@test#v1.0/x")
    assert names(documents) == ["owner/name:config@test#v1.0/x row 0"]
    assert double.calls == [("owner/name", "config", "test", "v1.0/x")]
    assert documents.notes == []
    assert is_data_set("owner/name#main")


def test_openwebtext_with_a_script_is_read_as_parquet(library):
    corpus = RunConfig().corpus
    library({(corpus, data_sets.CONVERTED): [{"text": "web"}]}, [corpus])
    documents = read_documents(corpus)
    assert list(documents) == ["web"]
    assert documents.notes == [f"{corpus} needs a script, which is not run: its revision refs/convert/parquet was read"]


def test_openwebtext_is_replaced_by_a_copy_that_it_names(library):
    corpus = RunConfig().corpus
    library({(data_sets.COPIES[corpus], None): [{"text": "copy"}]}, [corpus])
    documents = read_documents(corpus)
    assert list(documents) == ["copy"]
    assert documents.notes[0].endswith(f"the data set {data_sets.COPIES[corpus]} was read instead")


def test_script_without_another_form_is_refused(library):
    library({}, ["owner/name"])
    with pytest.raises(ValueError, match="owner/name: cannot be read") as error:
        list(read_documents("owner/name"))
    assert "\n" not in str(error.value)


def test_files_of_the_hub(tmp_path, monkeypatch):
    memory = fsspec.filesystem("memory")
    for number, text in enumerate(TEXTS):
        pq.write_table(pa.table({"text": [text]}), file := io.BytesIO())
        memory.pipe(f"/datasets/owner/name@main/data/{number}.parquet", file.getvalue())
    memory.pipe("/datasets/owner/name@main/data/README", b"no")

    class System:
        def glob(self, pattern):
            return [path.removeprefix("/") for path in memory.glob(pattern)]

        def open(self, name):
            return memory.open(f"/{name}")

    monkeypatch.setattr(hub, "reachable", lambda: True)
    monkeypatch.setattr(hub, "file_system", System)
    corpus = "hf://datasets/owner/name@main/data/*"
    documents = read_documents(corpus)
    assert names(documents) == [f"owner/name@main/data/{number}.parquet row 0" for number in range(3)]
    assert list(read_documents(corpus)) == TEXTS
    assert is_data_set(corpus)
    monkeypatch.setattr(hub, "reachable", lambda: False)
    with pytest.raises(ValueError, match="the model hub cannot be reached"):
        list(read_documents(corpus))
