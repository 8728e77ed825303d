"""Tests of a neuron as one static page: its structure, its contents, hostile text, and the command that writes it."""

import re
from html import escape
from html.parser import HTMLParser

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.export.provenance import manifest_sha256
from ne_core.export.static_page import features, static_page
from ne_core.queries.sources import source_names
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from tests.support.hostile import copy_atlas, without_documents
from tests.support.planted import FILES, VOCAB

EMPTY = {"meta", "rect", "line", "path"}
TAGS = EMPTY | {"html", "head", "title", "style", "body", "main", "section", "h1", "h2", "h3", "p", "pre", "a", "span"}
TAGS |= {"dl", "div", "dt", "dd", "ol", "ul", "li", "bdi", "figure", "figcaption", "svg", "text"}
TAGS |= {"table", "caption", "thead", "tbody", "tr", "th", "td"}


class Walk(HTMLParser):
    """Parser that fails on unclosed tags, and collects tags, tokens and text."""

    def __init__(self, page: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.tokens: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in EMPTY:
            self.open.append(tag)
        if tag == "bdi":
            self.tokens.append("")

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] == "bdi":
            self.tokens[-1] += data


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


@pytest.mark.parametrize(
    ("layer", "neuron", "cut"), [(0, 0, None), (2, 3, None), (2, 3, 2.0), (2, 3, 0.0), (0, 3, None), (0, 4, None)]
)
def test_page_has_only_allowed_tags_and_links(layer, neuron, cut, atlas):
    walk = Walk(static_page(atlas, NeuronRef(layer, neuron), cut))
    assert {tag for tag, _ in walk.tags} <= TAGS
    for tag, attributes in walk.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "srcset", "action")]
        assert tag == "a" or "href" not in attributes
    ids = [attributes["id"] for _, attributes in walk.tags if "id" in attributes]
    links = [attributes["href"] for _, attributes in walk.tags if "href" in attributes]
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in links} <= set(ids)
    policy = next(attributes["content"] for _, attributes in walk.tags if "http-equiv" in attributes)
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")


def test_every_example_has_its_source_escaped(atlas, tiny_atlas, tmp_path):
    ref = NeuronRef(0, 0)
    neuron = atlas.neuron(ref)
    rows = np.concatenate([feature.rows for feature in features(atlas, neuron, neuron.default_cut)])
    names = source_names(atlas, neuron, rows)
    page = static_page(atlas, ref)
    assert re.findall('<span class="source">(.*?)</span>', page) == [escape(name) for name in names]
    assert any(name.startswith(FILES[1]) for name in names)
    assert FILES[1] not in page
    old = Atlas.open(without_documents(copy_atlas(tiny_atlas, tmp_path / "old")))
    assert 'class="source"' not in static_page(old, ref)


def test_page_matches_the_atlas(atlas):
    walk = Walk(static_page(atlas, NeuronRef(0, 0)))
    assert "Feature 0: “cat”" in walk.text
    assert "Feature 1: “red”" in walk.text
    assert "All 14 examples" in walk.text
    assert manifest_sha256(atlas) in walk.text
    assert "arXiv:2411.08166" in walk.text
    assert "L2 N0 F0" in walk.text or "L2 N0" in walk.text
    neuron = atlas.neuron(NeuronRef(0, 0))
    tokens = atlas.window_tokens(neuron, np.arange(len(neuron)))
    assert len(walk.tokens) == (tokens >= 0).sum()
    keys = [
        text
        for (_, attributes), text in zip([each for each in walk.tags if each[0] == "bdi"], walk.tokens, strict=True)
        if "key" in attributes.get("class", "").split()
    ]
    assert keys == [" cat"] * 14 + [" red"] * 3


def test_page_states_how_many_examples_are_listed(atlas, monkeypatch):
    monkeypatch.setattr("ne_core.export.static_page.EXAMPLES", 4)
    walk = Walk(static_page(atlas, NeuronRef(0, 0)))
    assert "4 of 14 examples" in walk.text
    assert sum(tag == "li" and "class" not in attributes for tag, attributes in walk.tags) >= 7


def test_hostile_tokens_are_text(atlas):
    page = static_page(atlas, NeuronRef(2, 3))
    assert "<script" not in page
    assert "<img" not in page
    assert "\x00" not in page
    assert "\u202e" not in page
    assert VOCAB[12] in Walk(page).tokens  # as text


def test_page_at_another_cut(atlas):
    page = static_page(atlas, NeuronRef(2, 3), 2.0)
    text = Walk(page).text
    assert "Feature 0" in text
    assert "Feature 1:" not in text
    assert "not the atlas’s, which is 0.5" in text
    assert "of feature 0 of the atlas’s cut" in text


def test_page_of_a_dead_neuron(atlas):
    text = Walk(static_page(atlas, NeuronRef(0, 4))).text
    assert "This neuron is dead" in text
    assert manifest_sha256(atlas) in text


def test_export_command_writes_the_page(tiny_atlas, atlas, tmp_path, capsys):
    out = tmp_path / "neuron.html"
    assert main(["export", str(tiny_atlas), "--neuron", "2.3", "--cut", "0.7", "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == static_page(atlas, NeuronRef(2, 3), 0.7)
    options = ["--neuron", "2.3", "--embedding", "pre_mlp", "--out", str(out)]
    assert main(["export", str(tiny_atlas), *options]) == 0
    assert out.read_text(encoding="utf-8") == static_page(atlas, NeuronRef(2, 3), embedding="pre_mlp")
    assert str(out) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--neuron", "17"], "LAYER.NEURON"),
        (["--neuron", "1.-7"], "LAYER.NEURON"),
        (["--neuron", "1.0"], "this atlas has layers 0, 2"),
        (["--neuron", "2.5"], "layer 2 has neurons 0 to 4"),
        (["--neuron", "2.3", "--cut", "nan"], "from 0 to 2"),
        (["--neuron", "2.3", "--cut", "wide"], "--cut"),
        (
            ["--neuron", "2.3", "--embedding", "x"],
            "the embeddings are neuron, pre_mlp, whitened, token_half",
        ),
        ([], "--neuron"),
    ],
)
def test_bad_reference_is_one_line(options, message, tiny_atlas, tmp_path, capsys):
    try:
        code = main(["export", str(tiny_atlas), *options, "--out", str(tmp_path / "x.html")])
    except SystemExit as end:
        code = end.code
    error = capsys.readouterr().err
    assert code == 2
    assert len(error.splitlines()) == 1
    assert message in error
    assert not (tmp_path / "x.html").exists()


@pytest.mark.parametrize("wrong", ["no atlas", "no folder"])
def test_unreadable_or_unwritable_is_one_line(wrong, tiny_atlas, tmp_path, capsys):
    atlas, out = (tmp_path, tmp_path / "x.html") if wrong == "no atlas" else (tiny_atlas, tmp_path / "a" / "x.html")
    assert main(["export", str(atlas), "--neuron", "0.0", "--out", str(out)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
