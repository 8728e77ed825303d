"""Reading of corpora, examples for a model, and the vocabulary as text."""

import hashlib
import json
import sys
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from precompute.corpus import files as files_module
from precompute.corpus import make_examples, may_be_key, read_documents, special_ids, vocabulary
from precompute.run import hub
from tests.support.tiny_models import tiny_tokenizer

BERT = {"cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]", "pad_token": "[PAD]"}


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer()


@pytest.fixture(scope="module")
def bert():
    return tiny_tokenizer(**BERT)


def write_file(path, content) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


# documents


def test_txt_is_split_at_blank_lines(tmp_path):
    corpus = write_file(tmp_path / "a.txt", "\n\none\ntwo\n \t\nthree\r\nfour\r\n\r\n\n\n\x00 five")
    assert list(read_documents(corpus)) == ["one\ntwo", "three\nfour", "\x00 five"]


def test_txt_with_invalid_utf8(tmp_path):
    documents = read_documents(write_file(tmp_path / "a.txt", b"\xef\xbb\xbfgood\n\nbad \xff\xfe\n\ncut \xe2\x82"))
    assert list(documents) == ["good", "bad \ufffd\ufffd", "cut \ufffd"]
    assert (documents.n_read, documents.n_broken) == (3, 2)


def test_txt_without_blank_lines_is_streamed(tmp_path, monkeypatch):
    monkeypatch.setattr(files_module, "LONGEST_DOCUMENT", 10)
    corpus = write_file(tmp_path / "a.txt", "".join(f"line {i}\n" for i in range(6)))
    assert list(read_documents(corpus)) == ["line 0\nline 1", "line 2\nline 3", "line 4\nline 5"]


def test_jsonl(tmp_path):
    lines = [{"text": "a\u2028b"}, {"text": None}, {"text": "\ud800!"}]
    documents = read_documents(write_file(tmp_path / "a.jsonl", "\n".join(map(json.dumps, lines)) + "\n\n"))
    assert list(documents) == ["a\u2028b", "", "\ufffd!"]
    assert documents.n_broken == 1
    assert list(read_documents(write_file(tmp_path / "b.jsonl", '{"body": "b"}'), "body")) == ["b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "a"}\n{"text": ', "line 2: not JSON"),
        ('{"text": "a"}\n["a"]', "line 2: list, not an object"),
        ('{"body": "a", "title": "b"}', "line 1: no field 'text'; the fields are body, title"),
        ('{"text": 3}', "'text' is int, not text"),
        ("[" * 100_000, "line 1: not JSON"),
    ],
)
def test_invalid_jsonl_names_the_line(tmp_path, content, message):
    with pytest.raises(ValueError, match=message) as error:
        list(read_documents(write_file(tmp_path / "a.jsonl", content)))
    assert "\n" not in str(error.value)


def test_jsonl_is_streamed(tmp_path):
    corpus = write_file(tmp_path / "a.jsonl", '{"text": "first"}\nnot JSON at all')
    assert next(iter(read_documents(corpus))) == "first"


def test_parquet(tmp_path):
    path = str(tmp_path / "a.parquet")
    pq.write_table(pa.table({"body": [f"document {i}" for i in range(600)], "n": list(range(600))}), path)
    documents = list(read_documents(path, "body"))
    assert (len(documents), documents[599]) == (600, "document 599")
    with pytest.raises(ValueError, match="no field 'text'; the fields are body, n"):
        list(read_documents(path))
    with pytest.raises(ValueError, match="'n' is int, not text"):
        list(read_documents(path, "n"))
    with pytest.raises(ValueError, match="not a parquet file"):
        list(read_documents(write_file(tmp_path / "b.parquet", "text")))


def test_offline_corpus_uses_the_atlas_split():
    documents = iter(read_documents("offline"))
    assert all(len(next(documents)) > 50 for _ in range(5))


def test_data_sets_are_streamed_by_name_config_and_split(monkeypatch):
    calls = []

    class Library:
        @staticmethod
        def load_dataset(*args, **options):
            calls.append((args, options))
            return iter([{"text": "one"}, {"text": "two"}])

    monkeypatch.setitem(sys.modules, "datasets", Library)
    monkeypatch.setattr(hub, "reachable", lambda: True)
    assert list(read_documents("owner/name:config@validation")) == ["one", "two"]
    assert list(read_documents("name")) == ["one", "two"]
    assert calls == [
        (("owner/name", "config"), {"split": "validation", "streaming": True}),
        (("name", None), {"split": "train", "streaming": True}),
    ]


def test_data_set_without_connection_is_refused(monkeypatch):
    monkeypatch.setattr(hub, "reachable", lambda: False)
    with pytest.raises(ValueError, match="cannot be reached; use offline"):
        list(read_documents("owner/name"))


@pytest.mark.parametrize("corpus", ["missing.txt", "missing.parquet", "a b c", "../nowhere/at/all", "*.nothing", ""])
def test_invalid_corpus_is_refused(corpus):
    with pytest.raises(ValueError, match="use offline"):
        read_documents(corpus)


# examples


def test_corpus_without_documents(tokenizer):
    for documents in ([], ["", " \n"]):
        with pytest.raises(ValueError, match="the corpus has no text"):
            make_examples(documents, tokenizer, 3, 8)


def test_packed_examples(tokenizer):
    documents = ["the same words", "", "come back", "then it says more text"]
    eos = tokenizer.eos_token_id
    stream = [id for text in documents if text for id in [*tokenizer.encode(text), eos]]
    examples = make_examples(documents, tokenizer, 100, 8)
    assert (examples.tokens[:, 0] == eos).all()
    contents = [row[1:length].tolist() for row, length in zip(examples.tokens, examples.lengths, strict=True)]
    assert list(chain(*contents)) == stream
    assert (examples.lengths[:-1] == 8).all()
    assert (examples.n_documents, examples.n_empty) == (3, 1)
    assert examples.sha256 == hashlib.sha256(b"".join(t.encode() + b"\0" for t in documents if t)).hexdigest()


def test_one_document_per_example(tokenizer):
    examples = make_examples(["a cat", "the same words come back and more text"], tokenizer, 5, 6, packing="one")
    ids = tokenizer.encode("a cat")
    assert examples.tokens[0].tolist() == [0, *ids, *[0] * (5 - len(ids))]
    assert examples.lengths.tolist() == [1 + len(ids), 6]
    assert examples.tokens[1, 1:].tolist() == tokenizer.encode("the same words come back")[:5]


@pytest.mark.parametrize("packing", ["packed", "one"])
def test_examples_of_encoders_have_cls_and_sep(bert, packing):
    examples = make_examples(["a model reads text"] * 3, bert, 3, 8, packing)
    ends = examples.tokens[np.arange(len(examples.tokens)), examples.lengths - 1]
    assert (examples.tokens[:, 0] == bert.cls_token_id).all()
    assert (ends == bert.sep_token_id).all()
    padding = np.arange(8) >= examples.lengths[:, None]
    assert (examples.tokens[padding] == bert.pad_token_id).all()


def test_only_needed_documents_are_read(tokenizer):
    few = make_examples(["a cat"] * 10, tokenizer, 2, 8)
    many = make_examples(["a cat"] * 10 + ["dogs"] * 1000, tokenizer, 2, 8)
    assert few.sha256 == many.sha256
    assert many.tokens.shape == (2, 8)


def test_special_tokens_in_a_document_are_text(tokenizer):
    examples = make_examples(["a <|endoftext|> b"], tokenizer, 1, 40, packing="one")
    assert examples.tokens.dtype == np.int32
    assert (examples.tokens[0, 1 : examples.lengths[0]] != tokenizer.eos_token_id).all()
    assert tokenizer.decode(examples.tokens[0, 1 : examples.lengths[0]]) == "a <|endoftext|> b"


def test_invalid_context_and_packing(bert):
    with pytest.raises(ValueError, match="use at least 4"):
        make_examples(["a"], bert, 1, 3)
    with pytest.raises(ValueError, match="one of packed, one"):
        make_examples(["a"], bert, 1, 8, packing="both")


def test_positions_that_may_be_key_tokens():
    tokens = np.array([[9, 5, 1, 6], [5, 5, 0, 0]], np.int32)
    keys = may_be_key(tokens, np.array([4, 2], np.int32), np.array([0, 1], np.int32))
    assert keys.tolist() == [[False, True, False, True], [False, True, False, False]]


def test_special_ids(bert):
    assert special_ids(bert).tolist() == sorted(bert.convert_tokens_to_ids(list(BERT.values())))


# vocabulary


def test_byte_level_vocabulary(tokenizer):
    vocab = vocabulary(tokenizer)
    assert len(vocab) == len(tokenizer)
    assert vocab[tokenizer.eos_token_id] == "<|endoftext|>"
    text = "the same words\n\tcome back, \x00 again"
    assert "".join(vocab[id] for id in tokenizer.encode(text)) == text
    assert "".join(vocab[id] for id in tokenizer.encode("€")) == "\\xe2\\x82\\xac"
    assert all(isinstance(token, str) and token for token in vocab)


def test_added_tokens_are_unchanged():
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens(["Ġé ü"])
    assert vocabulary(tokenizer)[-1] == "Ġé ü"


def test_word_piece_vocabulary():
    ids = {"[UNK]": 0, "play": 1, "##ing": 2, ".": 3, "#": 4}
    backend = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.BertPreTokenizer(), decoders.WordPiece()
    vocab = vocabulary(PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]"))
    assert vocab == ["[UNK]", " play", "ing", ".", "#"]


def test_sentence_piece_vocabulary():
    ids = {"<unk>": 0, "▁the": 1, "re": 2, "<0x0A>": 3, "<0xE2>": 4, "▁▁": 5}
    backend = Tokenizer(models.BPE(ids, [], unk_token="<unk>", byte_fallback=True))
    backend.normalizer = normalizers.Replace(" ", "▁")
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    vocab = vocabulary(PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>"))
    assert vocab == ["<unk>", " the", "re", "\n", "\\xe2", "  "]
