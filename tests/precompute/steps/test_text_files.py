"""Text files of other sources: encodings, other kinds of files, separators, very long lines."""

import bz2
import codecs
import gzip
import json
import lzma
import zipfile
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from precompute.config import ConfigError, RunConfig
from precompute.corpus import decoding, examples, files, make_examples, pieces, read_documents
from precompute.corpus.pieces import Cutter
from tests.support.tiny_models import tiny_tokenizer

TEXT = "Größe, naïve ☃ 日本 🙂\nsecond line\n\nanother document\r\n"
DOCUMENTS = ["Größe, naïve ☃ 日本 🙂\nsecond line", "another document"]
MARKED = {
    "utf-8-sig": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


def write_file(path, content: bytes | str) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def with_byte_order_mark(text: str, encoding: str) -> bytes:
    return MARKED[encoding] + text.encode(encoding.removesuffix("-sig"))


@pytest.mark.parametrize("block", [decoding.BLOCK, 7])
@pytest.mark.parametrize("encoding", MARKED)
def test_byte_order_mark_sets_the_encoding(tmp_path, encoding, block, monkeypatch):
    monkeypatch.setattr(decoding, "BLOCK", block)
    documents = read_documents(write_file(tmp_path / "a.txt", with_byte_order_mark(TEXT, encoding)))
    assert list(documents) == DOCUMENTS
    assert documents.n_replaced == 0
    assert documents.encoding == encoding.removesuffix("-sig")


@pytest.mark.parametrize("encoding", MARKED)
def test_byte_order_mark_of_jsonl(tmp_path, encoding):
    lines = "\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in DOCUMENTS)
    assert list(read_documents(write_file(tmp_path / "a.jsonl", with_byte_order_mark(lines, encoding)))) == DOCUMENTS


def tar_file(path) -> bytes:
    import tarfile

    (path / "member.txt").write_text("text")
    with tarfile.open(path / "made", "w") as archive:
        archive.add(path / "member.txt", "member.txt")
    return (path / "made").read_bytes()


def zip_file(path) -> bytes:
    with zipfile.ZipFile(path / "made", "w") as archive:
        archive.writestr("a.txt", "text")
    return (path / "made").read_bytes()


def parquet_file(path) -> bytes:
    pq.write_table(pa.table({"text": ["a"]}), path / "made")
    return (path / "made").read_bytes()


def image_file(path) -> bytes:
    from PIL import Image

    Image.new("RGB", (4, 4)).save(path / "made.bmp")
    return (path / "made.bmp").read_bytes()


# By words of the error: function that makes the file.
OTHER = {
    r"this is gzip, not text: unpack it first \(gunzip\)": lambda path: gzip.compress(TEXT.encode()),
    r"this is bzip2, .* \(bunzip2\)": lambda path: bz2.compress(TEXT.encode()),
    r"this is xz, .* \(unxz\)": lambda path: lzma.compress(TEXT.encode()),
    r"this is zstd, .* \(unzstd\)": lambda path: b"\x28\xb5\x2f\xfd\x24\x05\x29\0\0hello",
    r"this is zip, .* \(unzip\)": zip_file,
    r"this is tar, .* \(tar -xf\)": tar_file,
    "this is parquet, not text: a file of plain text would work": parquet_file,
    "this is PDF, not text": lambda path: b"%PDF-1.7\n%text",
    "this is RTF, not text": lambda path: b"{\\rtf1\\ansi text}",
    "this is a PNG image, not text": lambda path: b"\x89PNG\r\n\x1a\n" + bytes(30),
    "this is a JPEG image, not text": lambda path: b"\xff\xd8\xff\xe0\0\x10JFIF",
    "this is a BMP image, not text": image_file,
    "this is an ELF program, not text": lambda path: b"\x7fELF\2\1\1" + bytes(9),
    "this is a Windows program, not text": lambda path: b"MZ\x90\0\3" + bytes(9),
    "this is SQLite, not text": lambda path: b"SQLite format 3\0" + bytes(90),
    "this is a numpy array, not text": lambda path: b"\x93NUMPY\1\0v\0{'descr'",
    "is binary, or UTF-16 without a byte-order mark": lambda path: TEXT.encode("utf-16-le"),
    "characters cannot be decoded as UTF-8; `iconv": lambda path: ("Тексты на русском языке. " * 40).encode("cp1251"),
    "first 32 bytes are NUL": lambda path: bytes(32),
}


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
@pytest.mark.parametrize("words", OTHER)
def test_other_kinds_of_files_are_refused(tmp_path, words, name):
    with pytest.raises(ValueError, match=words) as error:
        read_documents(write_file(tmp_path / name, OTHER[words](tmp_path)))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text", ["BM is a company", "MZ", "PAR1 course", "BZh", "ORC army", "RIFF raff", "ID3 tags", "GIF89a is a format"]
)
def test_text_that_begins_like_another_kind(tmp_path, text):
    assert list(read_documents(write_file(tmp_path / "a.txt", text))) == [text]


def test_compression_that_the_name_does_not_say_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"this is bzip2: unpack it first \(bunzip2\)"):
        read_documents(write_file(tmp_path / "a.txt.bz2", bz2.compress(b"text")))
    with pytest.raises(ValueError, match=r"this is gzip, not parquet: unpack it first \(gunzip\)"):
        read_documents(write_file(tmp_path / "a.parquet", gzip.compress(b"text")))


@pytest.mark.parametrize("name", ["A.TXT", "a.Text", "a.md", "a.MD"])
def test_endings_of_text(tmp_path, name):
    assert list(read_documents(write_file(tmp_path / name, TEXT))) == DOCUMENTS


@pytest.mark.parametrize("name", ["A.JSONL", "a.ndjson", "a.Ndjson"])
def test_endings_of_jsonl(tmp_path, name):
    assert list(read_documents(write_file(tmp_path / name, '{"text": "a"}\n{"text": "b"}'))) == ["a", "b"]


def test_replaced_characters_are_counted_and_reported(tmp_path):
    latin = "un café, s'il vous plaît: two broken letters are not many\n\nnone here\n\nnaïve"
    documents = read_documents(write_file(tmp_path / "a.txt", latin.encode("latin-1")))
    assert list(documents)[1] == "none here"
    assert (documents.n_read, documents.n_broken, documents.n_replaced) == (3, 2, 3)
    assert "3 places in 2 of 3 documents were not valid" in documents.notes[0]
    clean = read_documents(write_file(tmp_path / "b.txt", "a \ufffd that was there before"))
    assert list(clean) == ["a \ufffd that was there before"]
    assert (clean.n_replaced, clean.notes) == (0, [])


@pytest.mark.parametrize("kind", ["string", "large_string", "binary", "dictionary"])
def test_parquet_column_with_invalid_text(tmp_path, kind):
    raw = [
        "naïve".encode(),
        "naïve and more text".encode("latin-1"),
        None,
        codecs.BOM_UTF16_LE + "ï".encode("utf-16-le"),
    ]
    column = pa.array(raw, pa.large_binary() if kind == "large_string" else pa.binary())
    if kind == "dictionary":
        column = column.dictionary_encode()
    elif kind != "binary":
        buffers = column.buffers()
        column = pa.Array.from_buffers(getattr(pa, kind)(), len(raw), buffers, null_count=1)
    pq.write_table(pa.table({"text": column}), tmp_path / "a.parquet")
    documents = read_documents(str(tmp_path / "a.parquet"))
    assert list(documents) == ["naïve", "na\ufffdve and more text", "", "ï"]
    assert (documents.n_broken, documents.n_replaced) == (1, 1)


# separators

END = "<|endoftext|>"
STORIES = f"First story.\n\nIts end.\n{END}\nSecond\nstory.\n {END} \r\n{END}\nInline {END} here\n"


@pytest.mark.parametrize(
    ("separator", "wanted", "n_seen"),
    [
        ("auto", ["First story.", "Its end.", "Second\nstory.", "Inline <|endoftext|> here"], 3),
        ("<|endoftext|>", ["First story.\n\nIts end.", "Second\nstory.", "Inline <|endoftext|> here"], 3),
        ("blank", ["First story.", STORIES.split("\n\n")[1].rstrip().replace("\r", "")], 0),
        ("Second", [f"First story.\n\nIts end.\n{END}", f"story.\n {END} \n{END}\nInline {END} here"], 1),
    ],
)
def test_separators(tmp_path, separator, wanted, n_seen):
    documents = read_documents(write_file(tmp_path / "a.txt", STORIES), separator=separator)
    assert list(documents) == wanted
    assert documents.separators.n_separators == documents.facts["n_separators"] == n_seen
    assert documents.facts["separator"] == separator
    assert documents.n_spelled > 0


def test_end_of_text_token_is_a_separator(tmp_path):
    corpus = write_file(tmp_path / "a.txt", "one\n</s>\ntwo\n")
    assert list(read_documents(corpus, end_of_text=["</s>"])) == ["one", "two"]
    assert list(read_documents(corpus)) == ["one\n</s>\ntwo"]


def test_separators_are_not_tokenized(tmp_path):
    """Check that separators add no tokens, except the model's own after every document."""
    tokenizer = tiny_tokenizer()
    plain = make_examples(read_documents(write_file(tmp_path / "a.txt", "a cat\n\na dog")), tokenizer, 9, 8)
    divided = make_examples(
        read_documents(write_file(tmp_path / "b.txt", "a cat\n<|endoftext|>\na dog")), tokenizer, 9, 8
    )
    assert np.array_equal(plain.tokens, divided.tokens)
    assert plain.sha256 == divided.sha256


@pytest.mark.parametrize("separator", ["", "  ", "a\nb"])
def test_invalid_separators(separator):
    with pytest.raises(ConfigError, match="separator: "):
        RunConfig(separator=separator)


# very long lines and documents


def test_very_long_lines_are_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LONGEST_DOCUMENT", 20)
    words = " ".join(f"word{i}" for i in range(30))
    for block in (decoding.BLOCK, 11):
        monkeypatch.setattr(decoding, "BLOCK", block)
        documents = list(read_documents(write_file(tmp_path / "a.txt", words + "\n\n" + "x" * 50)))
        assert "".join(documents[:-3]) == words, "cut before spaces, nothing lost"
        assert all(len(each) <= 20 for each in documents[:-3])
        assert all(each.startswith(" word") for each in documents[1:-3])
        assert documents[-3:] == ["x" * 20, "x" * 20, "x" * 10]


def test_very_long_line_of_jsonl_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LONGEST_LINE", 100)
    monkeypatch.setattr(decoding, "BLOCK", 16)
    with pytest.raises(ValueError, match="a line has more than 100 characters"):
        list(read_documents(write_file(tmp_path / "a.jsonl", '{"text": "' + "a" * 500)))


@pytest.mark.parametrize("packing", ["packed", "one"])
def test_long_document_is_tokenized_only_as_needed(packing, monkeypatch):
    n_chars, original = [], Cutter.ids

    def count_characters(self, texts, *options):
        n_chars.append(sum(map(len, texts)))
        return original(self, texts, *options)

    monkeypatch.setattr(Cutter, "ids", count_characters)
    result = make_examples(iter(["a cat and a dog " * 500_000]), tiny_tokenizer(), 24, 64, packing)
    assert len(result.tokens) == (24 if packing == "packed" else 1)
    assert max(n_chars) < examples.CHARS_AT_ONCE + pieces.PIECE, "of eight million characters"
    assert sum(n_chars) < 2 * examples.CHARS_AT_ONCE


def wordpiece() -> PreTrainedTokenizerFast:
    backend = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    backend.normalizer, backend.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    backend.train_from_iterator([LONG], trainers.WordPieceTrainer(vocab_size=120, special_tokens=["[UNK]", "[SEP]"]))
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", sep_token="[SEP]")


def metaspace() -> PreTrainedTokenizerFast:
    """Return a tokenizer like those of T5 and XLM-R, which put a space before every text."""
    backend = Tokenizer(models.Unigram())
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    backend.train_from_iterator([LONG], trainers.UnigramTrainer(vocab_size=90, special_tokens=["</s>"], unk_token="?"))
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>")


def llama() -> PreTrainedTokenizerFast:
    """Return a tokenizer like that of Llama 1: the whole text is one word, with a space before it."""
    backend = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    words = [f"▁{word}" for word in LONG.split()]
    backend.train_from_iterator(words, trainers.BpeTrainer(vocab_size=150, special_tokens=["<unk>", "</s>"]))
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>", unk_token="<unk>")


LONG = " ".join(
    ["The cat's three dogs,  they say, ran (quickly) home.\n\nIt's 12,345 or so;\tdon't ask why: naïve ☃ 日本語 text."]
    * 60
)


@pytest.mark.parametrize("kind", [tiny_tokenizer, wordpiece, metaspace, llama])
@pytest.mark.parametrize("text", [LONG, LONG.replace(" ", ""), "日本語の文章" * 300])
def test_tokens_of_pieces_match_the_whole_text(kind, text, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE", 400)
    monkeypatch.setattr(pieces, "AROUND", 64)
    cutter = Cutter(kind())
    parts = list(cutter.pieces(text))
    assert len(parts) > 3
    if cutter.n_changed == 0:
        assert list(chain(*cutter.ids(parts))) == cutter.ids([text])[0]
    assert cutter.n_changed == 0 or " " not in text, "a text of words is never cut within one"
