"""Sources of documents: from the reading of a corpus to the positions of its examples."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from precompute.corpus import files as files_module
from precompute.corpus import group_kind, make_examples, offline, read_documents
from precompute.corpus.sources import Document
from precompute.run import hub
from tests.support.tiny_models import tiny_tokenizer

WORDS = "the same words come back a model reads text then it says more about cats and dogs"
BERT = {"cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]", "pad_token": "[PAD]"}


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer()


def sources(corpus: str, **options) -> list[str]:
    return [document.group + document.name for document in read_documents(corpus, **options).with_sources()]


def positions(documents, tokenizer, n_ctx: int, packing: str = "packed") -> list[tuple[int, int, str]]:
    """Return example, position and name of every document's start."""
    table = make_examples(documents, tokenizer, 100, n_ctx, packing).documents
    return [(*divmod(start, n_ctx), table.name(i)) for i, start in enumerate(table.starts.tolist())]


def test_two_documents_in_one_example(tokenizer):
    """The first has 4 tokens and a separator after the special token; so the second starts at 6."""
    documents = [Document("a cat a cat", "a.txt", " line 1"), Document("dogs dogs", "b.txt")]
    n_first = len(tokenizer.encode(documents[0].text))
    examples = make_examples(documents, tokenizer, 1, n_first + 6)
    start = 1 + n_first + 1
    assert examples.documents.starts.tolist() == [0, start]
    example, pos = np.zeros(3, np.int32), np.array([0, start - 1, start], np.int32)
    assert examples.documents.sources(example, pos) == ["a.txt line 1", "a.txt line 1", "b.txt"]
    text = tokenizer.decode(examples.tokens[0, start : examples.lengths[0]])
    assert text.startswith("dogs")


@pytest.mark.parametrize("encoder", [False, True])
def test_every_document_starts_where_its_text_does(encoder, tokenizer):
    tokenizer = tiny_tokenizer(**BERT) if encoder else tokenizer
    words = WORDS.split()
    texts = [" ".join(words[i : i + 1 + 5 * i % 11]) for i in range(len(words))]
    documents = [Document(text, "file", f" {i}") for i, text in enumerate(texts)]
    examples = make_examples([*documents[:3], Document(" \n", "empty"), *documents[3:]], tokenizer, 100, 8)
    table = examples.documents
    assert examples.n_documents == len(table) == len(texts)
    assert len(table.groups) == 1  # an empty document is not among them
    for i, (text, start) in enumerate(zip(texts, table.starts.tolist(), strict=True)):
        example, pos = divmod(start, 8)
        first = tokenizer.encode(text, add_special_tokens=False)[0]
        assert table.name(i) == f"file {i}"
        assert examples.tokens[example, pos or 1] == first


def test_one_document_per_example(tokenizer):
    documents = [Document("a cat", "f", " 0"), Document("", "f", " 1"), Document("the same words come back", "f", " 2")]
    assert positions(documents, tokenizer, 6, "one") == [(0, 0, "f 0"), (1, 0, "f 2")]


def test_document_that_begins_an_example_has_its_first_position(tokenizer):
    n = len(tokenizer.encode("a cat"))
    documents = [Document("a cat", "f", f" {i}") for i in range(3)]
    assert positions(documents, tokenizer, n + 2) == [(i, 0, f"f {i}") for i in range(3)]


def test_sources_change_neither_tokens_nor_hash(tokenizer):
    documents = [Document("a cat", "secret/place"), Document("dogs", "b")]
    plain, sourced = (make_examples(each, tokenizer, 5, 8) for each in ([d.text for d in documents], documents))
    assert plain.sha256 == sourced.sha256
    assert plain.tokens.tolist() == sourced.tokens.tolist()
    assert plain.documents is None


def test_lines_of_a_text_file(tmp_path):
    path = tmp_path / "<b>story.txt"
    path.write_text("\n\none\ntwo\n \t\n\nthree\n<|endoftext|>\nfour\n")
    assert sources(str(path)) == ["<b>story.txt line 3", "<b>story.txt line 7", "<b>story.txt line 9"]


def test_parts_of_a_long_line_have_its_number(tmp_path, monkeypatch):
    monkeypatch.setattr(files_module, "LONGEST_DOCUMENT", 12)
    path = tmp_path / "a.txt"
    path.write_text("first\n\n" + "word " * 8 + "\n\nlast")
    names = sources(str(path))
    assert names[0] == "a.txt line 1"
    assert set(names[1:-1]) == {"a.txt line 3"}
    assert names[-1] == "a.txt line 5"
    assert len(names) > 4


def test_lines_of_jsonl_and_rows_of_parquet(tmp_path):
    lines = [json.dumps({"text": text}) for text in ("a cat", "dogs")]
    (tmp_path / "a.jsonl").write_text(f"{lines[0]}\n\n{lines[1]}\n")
    assert sources(str(tmp_path / "a.jsonl")) == ["a.jsonl line 1", "a.jsonl line 3"]
    pq.write_table(pa.table({"text": [str(i) for i in range(300)]}), tmp_path / "a.parquet")
    assert sources(str(tmp_path / "a.parquet"))[::299] == ["a.parquet row 0", "a.parquet row 299"]


def test_rows_of_a_data_set(monkeypatch):
    monkeypatch.setattr(hub, "reachable", lambda: True)
    monkeypatch.setattr("precompute.corpus.documents.records", lambda *_: iter([{"text": "one"}, {"text": "two"}]))
    assert sources("owner/name:config@split") == ["owner/name:config@split row 0", "owner/name:config@split row 1"]


def test_objects_of_a_package(tmp_path, monkeypatch):
    prose = "Return what the caller asked for, and say in plain words what went wrong when there is none to return."
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "__init__.py").write_text(f'"""First {prose}"""\n')
    code = f'class A:\n  """Second {prose}"""\n  if True:\n    async def m(self):\n      """Third {prose}"""\n'
    (tmp_path / "part" / "module.py").write_text(code)
    package = offline.Package("its-name", "1", "planted")
    monkeypatch.setattr(offline, "_root", lambda _: tmp_path)
    monkeypatch.setattr(offline, "_installed_version", lambda _: "1")
    names = {
        each.sourced.text.split()[0]: (each.sourced.group, each.sourced.name)
        for each in offline.documents(packages=(package,))
    }
    assert names == {
        "First": ("planted", ".part"),
        "Second": ("planted", ".part.module:A"),
        "Third": ("planted", ".part.module:A.m"),
    }


def test_kinds_of_groups():
    assert [group_kind(each) for each in ("offline", "a.txt", "b/c.PARQUET", "owner/name:x@train")] == [
        "package",
        "file",
        "file",
        "data set",
    ]
