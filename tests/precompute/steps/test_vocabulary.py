"""Vocabularies of tokenizers of every kind, with the spaces of the original text."""

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizer, PreTrainedTokenizerFast

from ne_core.atlas import Atlas
from ne_core.export.frames import examples_frame
from ne_core.export.window_text import window_lines
from ne_core.text.token_text import is_word
from precompute.__main__ import main
from precompute.corpus import vocabulary
from tests.support.apptest import open_app, payloads
from tests.support.models.tiny_tokenizers import KINDS, TEXTS, gpt1
from tests.support.tiny_models import tiny_model


@pytest.mark.parametrize("kind", KINDS)
def test_vocabulary_restores_the_spaces_of_the_text(kind: str):
    make, text = KINDS[kind]
    tokenizer = make()
    ids = tokenizer.encode(text, add_special_tokens=False)
    vocab = vocabulary(tokenizer)
    assert tokenizer.unk_token_id not in ids
    assert len(ids) > 1
    assert "".join(vocab[id] for id in ids).strip() == text


def test_chinese_tokens_have_no_spaces():
    ids = {"[UNK]": 0, "中": 1, "文": 2, "word": 3, "##s": 4}
    backend = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    vocab = vocabulary(PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]"))
    assert vocab == ["[UNK]", "中", "文", " word", "s"]


class Python(PreTrainedTokenizer):
    """A tokenizer written in Python with pieces of three letters, marked by `mark`."""

    def __init__(self, mark, join, pieces, **kwargs):
        self._mark, self._join = mark, join
        self._ids = {piece: id for id, piece in enumerate(["[UNK]", *pieces])}
        super().__init__(unk_token="[UNK]", **kwargs)

    @property
    def vocab_size(self):
        return len(self._ids)

    def get_vocab(self):
        return dict(self._ids)

    def _tokenize(self, text, **_):
        pieces_of_words = [[word[start : start + 3] for start in range(0, len(word), 3)] for word in text.split()]
        return [piece for pieces in pieces_of_words for piece in self._mark(pieces)]

    def _convert_token_to_id(self, token):
        return self._ids.get(token, 0)

    def _convert_id_to_token(self, id):
        return list(self._ids)[id]

    def convert_tokens_to_string(self, tokens):
        return self._join(tokens)


WAYS = {
    "a suffix ends a word": (
        lambda pieces: [*pieces[:-1], f"{pieces[-1]}</w>"],
        lambda tokens: "".join(tokens).replace("</w>", " ").strip(),
        ["the</w>", "ani", "mal", "s</w>", "and</w>"],
    ),
    "a suffix goes on": (
        lambda pieces: [*(f"{piece}@@" for piece in pieces[:-1]), pieces[-1]],
        lambda tokens: " ".join(tokens).replace("@@ ", "").strip(),
        ["the", "ani@@", "mal@@", "s", "and"],
    ),
    "a sign begins a word": (
        lambda pieces: [f"▁{pieces[0]}", *pieces[1:]],
        lambda tokens: "".join(tokens).replace("▁", " ").strip(),
        ["▁the", "▁ani", "mal", "s", "▁and"],
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_vocabulary_of_a_python_tokenizer_restores_spaces(way: str):
    tokenizer = Python(*WAYS[way])
    ids = tokenizer.encode("the animals and the animals", add_special_tokens=False)
    vocab = vocabulary(tokenizer)
    assert "".join(vocab[id] for id in ids).strip() == "the animals and the animals"


def test_is_word():
    assert [is_word(token, 3) for token in (" the", "the ", "the", " a", " x=", "  ")] == [True, True, *4 * [False]]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Build an atlas of a model with a tokenizer like that of GPT-1, by the command line."""
    place = tmp_path_factory.mktemp("pieces")
    tiny_model("gpt2").save_pretrained(place / "model")
    gpt1().save_pretrained(place / "model")
    (place / "corpus.txt").write_text("\n\n".join(TEXTS))
    paths = ["--model", place / "model", "--corpus", place / "corpus.txt", "--out", place / "atlases" / "pieces"]
    small = ["--examples", "20", "--context", "16", "--layers", "0,2", "--window", "6,3", "--rarefy", "0"]
    small += ["--contributions", "no", "--importance-passes", "0", "--mask", "mean-embedding", "--device", "cpu"]
    assert main(["build", *map(str, paths), *small]) == 0
    return place / "atlases" / "pieces"


def test_built_atlas_shows_exports_and_finds_words(built: Path, monkeypatch):
    atlas = Atlas.open(built)
    ref = next(ref for ref in map(atlas.feature_ref, range(50)) if "reads text" in window_text(atlas, ref))
    app = open_app(built.parent, "neuron", monkeypatch, **ref.query())
    assert any("reads text" in "".join(line["t"]) for each in payloads(app) for line in each.get("lines", []))
    frame = examples_frame(atlas, ref)
    assert (frame["before"] + frame["key_token"] + frame["after"]).str.contains("reads text").any()
    assert len(atlas.search.words("reads text"))


def window_text(atlas: Atlas, ref) -> str:
    neuron = atlas.neuron(ref.of)
    rows = np.flatnonzero(neuron.feature == ref.feature)
    return "|".join("".join(line.tokens) for line in window_lines(atlas, neuron, rows.tolist()))
