"""Side by side: two features from the URL or typed, their common key tokens, and messages about invalid names."""

import re

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.trees.cluster import unit
from ne_core.refs import FeatureRef
from pages.components.side_by_side import facts
from pages.components.side_by_side.facts import common, cosine
from pages.components.side_by_side.feature import SideFeature, side_feature
from pages.components.url.side_by_side_view import Side
from tests.support.apptest import open_app, payloads, rows_of, url, words
from tests.support.planted import LAYERS, VOCAB

CATS, ALSO_CATS, REDS = FeatureRef(0, 0, 0), FeatureRef(2, 0, 0), FeatureRef(0, 0, 1)


def chips(app, label: str) -> list[str]:
    return [chip["href"] for each in payloads(app) if each.get("label") == label for chip in each["chips"]]


def listed(atlas: Atlas, ref: FeatureRef) -> SideFeature:
    """Feature of the atlas's embedding and cut."""
    return side_feature(atlas, Side(ref))


def text(app) -> str:
    return words("\n".join(each.value for each in app.markdown))


def test_empty_page_has_instructions_and_suggested_pairs(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch)
    assert not app.error
    assert "Type two features above, such as 3.17.2 or L3 N17 F2" in text(app)
    like, same = (
        dict(part.split("=") for part in href.split("?")[1].split("&")) for href in chips(app, "Suggested pairs")
    )
    for pair in (like, same):
        pair_page = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, **pair)
        assert not pair_page.error
        assert pair_page.metric
    a, b = (FeatureRef.parse(same[side]) for side in "ab")
    assert (a.of, a.feature, b.feature) == (b.of, 0, 1)
    assert FeatureRef.parse(like["a"]).of != FeatureRef.parse(like["b"]).of


def test_pair_shows_the_planted_features(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, a="0.0.0", b="2.0.0")
    n_a, n_b = LAYERS[0][0][0].size, LAYERS[2][0][0].size
    assert "Key tokens in common: “cat”" in text(app).replace("**", "")
    assert f"({n_a} and {n_b})" in text(app)
    assert f"| Examples | {n_a} | {n_b} |" in text(app)
    for side, ref in (("a", CATS), ("b", ALSO_CATS)):
        assert rows_of(app, f"Feature {side}")[0]["href"].endswith(f"layer={ref.layer}&neuron={ref.neuron}&feature=0")
        lines = next(each["lines"] for each in payloads(app) if each.get("label") == f"Examples of {side}, {ref}")
        assert len(lines) == 10
        assert {line["t"][line["k"]] for line in lines} == {" cat"}
        asides = [float(line["aside"]) for line in lines[1:]]
        assert asides == sorted(asides, reverse=True)


def test_central_example_comes_first(tiny_atlas, monkeypatch):
    atlas = Atlas.open(tiny_atlas)
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, a="0.0.0", b="0.0.1")
    lines = next(each["lines"] for each in payloads(app) if each.get("label") == "Examples of a, L0 N0 F0")
    central = atlas.features["central"][atlas.feature_id(CATS)]
    assert lines[0]["aside"] == f"{atlas.neuron(CATS.of).activation[central]:.2f}"


@pytest.mark.parametrize(("a", "b"), [(CATS, ALSO_CATS), (CATS, REDS), (REDS, FeatureRef(2, 3, 1))])
def test_cosines_match_the_central_inputs(a, b, tiny_atlas):
    """The oracle uses the inputs x of the central examples, and x ⊙ W_in of each neuron."""
    atlas = Atlas.open(tiny_atlas)
    x, e = [], []
    for ref in (a, b):
        row = int(atlas.features["central"][atlas.feature_id(ref)])
        x.append(np.asarray(atlas.neuron_inputs(ref.of), dtype=np.float32)[row])
        e.append(x[-1] * atlas.weights(ref.layer).W_in[:, ref.neuron])
    for space, vectors in (("pre_mlp", x), ("neuron", e)):
        u, v = unit(np.array(vectors))
        one, other = (listed(atlas, ref) for ref in (a, b))
        assert cosine(atlas, one, other, space) == pytest.approx(float(u @ v), abs=0.02)
        assert cosine(atlas, other, one, space) == cosine(atlas, one, other, space)


def test_counts_of_common_key_tokens(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    assert [(VOCAB[token], *n) for token, *n in common(atlas, listed(atlas, CATS), listed(atlas, ALSO_CATS))] == [
        (" cat", 14, 10)
    ]
    assert common(atlas, listed(atlas, CATS), listed(atlas, REDS)) == []


def test_features_without_common_key_tokens(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, a="0.0.0", b="0.0.1")
    assert "none; no word is a key token of both" in text(app)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"a": "cat"}, "a=cat: a feature is named by its layer, neuron and feature, such as 3.17.2 or L3 N17 F2"),
        ({"b": "0.0"}, "b=0.0: a feature is named by its layer, neuron and feature, such as 3.17.2 or L3 N17 F2"),
        ({"a": "1.0.0"}, "a=1.0.0: this atlas has layers 0 and 2"),
        ({"a": "0.99.0"}, "a=0.99.0: layer 0 has neurons 0 to 5"),
        ({"a": "0.0.9"}, "a=0.0.9: neuron L0 N0 has features 0 to 1 at the atlas’s cut"),
        (
            {"a": "0.4.0"},
            "a=0.4.0: neuron L0 N4 is dead and has no features: choose one with features on the page Ranking",
        ),
        (
            {"a": "0.0.0", "b": "0.0.0"},
            "b=0.0.0: the same feature as a: choose another, such as {other}",
        ),
    ],
)
def test_invalid_name_gives_the_valid_ones(query, problem, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, **query)
    other = Atlas.open(tiny_atlas).similar(CATS, "neuron")[0][0].dotted
    assert [words(each.value) for each in app.error] == [problem.format(other=other)]
    assert url(app) == query  # unchanged: the message is about it
    for side in set(query) & set("b" if query.get("a") == "0.0.0" else "ab"):
        assert app.text_input(key=f"_side_{side}").value == query[side]


def test_one_feature_offers_similar_ones(tiny_atlas, monkeypatch):
    atlas = Atlas.open(tiny_atlas)
    for side, other in (("a", "b"), ("b", "a")):
        app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, **{side: "0.0.0"})
        assert f"Pick {other}" in text(app)
        hrefs = [row["href"] for row in rows_of(app, "Features similar to L0 N0 F0")]
        near = [ref.dotted for ref, _ in atlas.similar(CATS, atlas.manifest.default_space)]
        named = {side: "0.0.0"}
        wanted = [named | {other: each} for each in near]
        assert hrefs == [f"side_by_side?atlas=planted&a={each['a']}&b={each['b']}" for each in wanted]


@pytest.mark.parametrize("spelling", ["2.0.0", "L2 N0 F0", " l2 n0 f0 ", "2 0 0", "L2 N0", "l2n0"])
def test_typed_names_of_a_feature(spelling, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, a="0.0.0")
    app.text_input(key="_side_b").set_value(spelling).run()
    assert not app.error
    assert url(app) == {"atlas": "planted", "a": "0.0.0", "b": "2.0.0"}
    assert app.metric


def test_neuron_alone_is_its_largest_feature(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, a="L0 N2", b="0.2.1")
    assert not app.error
    assert url(app) == {"atlas": "planted", "a": "0.2.0", "b": "0.2.1"}
    for typed, problem in (
        ("L0 N4", "neuron L0 N4 is dead"),
        ("L0 N99", "layer 0 has neurons 0 to 5"),
        ("L0", "a feature"),
    ):
        app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, a=typed)
        assert words(app.error[0].value).startswith(f"a={typed}: {problem}")


def test_invalid_typed_name_stays_in_the_field(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, a="0.0.0")
    app.text_input(key="_side_b").set_value("the <b>cat</b>").run()
    assert words(app.error[0].value).startswith("b=the <b>cat</b>: a feature is named by")
    assert app.text_input(key="_side_b").value == "the <b>cat</b>"
    app.text_input(key="_side_b").set_value("").run()
    assert not app.error
    assert url(app) == {"atlas": "planted", "a": "0.0.0"}


def test_swap_exchanges_the_sides(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, a="0.0.0", b="2.0.0")
    app.button(key="_swap").click().run()
    assert url(app) == {"atlas": "planted", "a": "2.0.0", "b": "0.0.0"}
    assert rows_of(app, "Feature a")[0]["name"] == "L2 N0"


def test_hostile_common_key_tokens_are_escaped(tiny_atlas, monkeypatch):
    """The page lists all tokens, as if they were key tokens of both."""
    monkeypatch.setattr(facts, "common", lambda *_: [(token, 1, 1) for token in range(len(VOCAB))])
    monkeypatch.setattr(facts, "MOST_TOKENS", len(VOCAB))
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, a="2.3.0", b="2.3.1")
    line = next(each.value for each in app.markdown if "Key tokens in common" in each.value)
    assert not any(each.proto.allow_html for each in app.markdown)
    assert re.search(r"\\<script\\>alert\\\(1\\\)", line)
    assert not re.search(r"(?<!\\)[<>]|[\u202e\x00]", line)


def test_similar_features_link_to_side_by_side(tiny_atlas, monkeypatch):
    atlas = Atlas.open(tiny_atlas)
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="0", feature="1")
    rows = rows_of(app, "Features similar to feature 1")
    near = [ref for ref, _ in atlas.similar(REDS, atlas.manifest.default_space)]
    assert [row["also"] for row in rows] == [
        [["Side by side", f"side_by_side?atlas=planted&a=0.0.1&b={ref.dotted}"]] for ref in near
    ]
