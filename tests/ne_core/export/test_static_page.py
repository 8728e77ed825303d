"""A neuron as one static page: its structure, what it says, hostile text, and the command that writes it."""

from html.parser import HTMLParser

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.export.provenance import manifest_sha256
from ne_core.export.static_page import static_page
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from tests.support.planted import VOCAB

EMPTY = {"meta", "rect", "line", "path"}
TAGS = EMPTY | {"html", "head", "title", "style", "body", "main", "section", "h1", "h2", "h3", "p", "pre", "a", "span"}
TAGS |= {"dl", "div", "dt", "dd", "ol", "ul", "li", "bdi", "figure", "figcaption", "svg", "text"}
TAGS |= {"table", "caption", "thead", "tbody", "tr", "th", "td"}


class Walk(HTMLParser):
    """Fails on what is not closed, and keeps what there is."""

    def __init__(self, page: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.tokens: list[str] = []
        self.said = ""
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

    def handle_data(self, text):
        self.said += text
        if self.open and self.open[-1] == "bdi":
            self.tokens[-1] += text


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


@pytest.mark.parametrize(
    ("layer", "neuron", "cut"), [(0, 0, None), (2, 3, None), (2, 3, 2.0), (2, 3, 0.0), (0, 3, None), (0, 4, None)]
)
def test_a_page_holds_only_what_it_may(layer, neuron, cut, atlas):
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


def test_it_says_what_the_atlas_holds(atlas):
    walk = Walk(static_page(atlas, NeuronRef(0, 0)))
    assert "Feature 0: “cat”" in walk.said
    assert "Feature 1: “red”" in walk.said
    assert "All 14 examples" in walk.said
    assert manifest_sha256(atlas) in walk.said
    assert "arXiv:2411.08166" in walk.said
    assert "L2 N0 F0" in walk.said or "L2 N0" in walk.said
    neuron = atlas.neuron(NeuronRef(0, 0))
    tokens = atlas.window_tokens(neuron, np.arange(len(neuron)))
    assert len(walk.tokens) == (tokens >= 0).sum()
    keys = [
        text
        for (_, told), text in zip([each for each in walk.tags if each[0] == "bdi"], walk.tokens, strict=True)
        if "key" in told.get("class", "").split()
    ]
    assert keys == [" cat"] * 14 + [" red"] * 3


def test_how_many_examples_are_shown_is_said(atlas, monkeypatch):
    monkeypatch.setattr("ne_core.export.static_page.EXAMPLES", 4)
    walk = Walk(static_page(atlas, NeuronRef(0, 0)))
    assert "4 of 14 examples" in walk.said
    assert sum(tag == "li" and "class" not in told for tag, told in walk.tags) >= 7


def test_hostile_tokens_are_text(atlas):
    page = static_page(atlas, NeuronRef(2, 3))
    assert "<script" not in page
    assert "<img" not in page
    assert "\x00" not in page
    assert "\u202e" not in page
    assert VOCAB[12] in Walk(page).tokens  # as text


def test_at_another_cut_its_features_are_others(atlas):
    page = static_page(atlas, NeuronRef(2, 3), 2.0)
    said = Walk(page).said
    assert "Feature 0" in said
    assert "Feature 1:" not in said
    assert "not the atlas’s, which is 0.5" in said
    assert "of feature 0 of the atlas’s cut" in said


def test_a_dead_neuron_says_so(atlas):
    said = Walk(static_page(atlas, NeuronRef(0, 4))).said
    assert "This neuron is dead" in said
    assert manifest_sha256(atlas) in said


def test_the_command_writes_the_page(tiny_atlas, atlas, tmp_path, capsys):
    out = tmp_path / "neuron.html"
    assert main(["export", str(tiny_atlas), "--neuron", "2.3", "--cut", "0.7", "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == static_page(atlas, NeuronRef(2, 3), 0.7)
    assert str(out) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--neuron", "17"], "LAYER.NEURON"),
        (["--neuron", "1.-7"], "LAYER.NEURON"),
        (["--neuron", "1.0"], "this atlas has the layers 0, 2"),
        (["--neuron", "2.5"], "layer 2 has neurons 0 to 4"),
        (["--neuron", "2.3", "--cut", "nan"], "from 0 to 2"),
        (["--neuron", "2.3", "--cut", "wide"], "--cut"),
        ([], "--neuron"),
    ],
)
def test_a_bad_reference_is_one_line(given, said, tiny_atlas, tmp_path, capsys):
    try:
        code = main(["export", str(tiny_atlas), *given, "--out", str(tmp_path / "x.html")])
    except SystemExit as end:
        code = end.code
    error = capsys.readouterr().err
    assert code == 2
    assert len(error.splitlines()) == 1
    assert said in error
    assert not (tmp_path / "x.html").exists()


@pytest.mark.parametrize("wrong", ["no atlas", "no folder"])
def test_what_cannot_be_read_or_written_is_one_line(wrong, tiny_atlas, tmp_path, capsys):
    atlas, out = (tmp_path, tmp_path / "x.html") if wrong == "no atlas" else (tiny_atlas, tmp_path / "a" / "x.html")
    assert main(["export", str(atlas), "--neuron", "0.0", "--out", str(out)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
