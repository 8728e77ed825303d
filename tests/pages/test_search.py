"""Search: by words, token, name, literal text and similarity; reasons of matches; the query in the URL."""

from urllib.parse import parse_qs

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.classes import CLASSES
from ne_core.queries.feature_filter import feature_classes
from ne_core.queries.sources import examples_from, has_source
from ne_core.refs import FeatureRef
from pages.components.matching import find
from pages.components.text.labels import label
from tests.support.apptest import open_app, payloads, rows_of, url, words
from tests.support.planted import FILES

SOURCE = f"{FILES[1]} line 2"


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def names(app) -> list[str]:
    return [f"{row['name']} F{row['number']}" for row in rows_of(app, "Features found")]


def chips(app, label: str) -> dict[str, str]:
    """The links of a row of chips: text, address."""
    rows = [each for each in payloads(app) if each.get("label") == label]
    return {chip["text"]: chip["href"] for row in rows for chip in row["chips"]}


def ids_of(atlas: Atlas, app) -> list[int]:
    """The features on the page, by the numbers in their links."""
    queries = [parse_qs(row["href"].split("?")[1]) for row in rows_of(app, "Features found")]
    parts = ("layer", "neuron", "feature")
    return [atlas.feature_id(FeatureRef(*(int(query[name][0]) for name in parts))) for query in queries]


def test_empty_query_explains_the_modes_and_offers_key_tokens(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch)
    assert not app.error
    assert "**Snippet** finds an exact piece of text" in app.markdown[-1].value
    assert "search?atlas=planted&q=cat&mode=token" in chips(app, "Key tokens").values()


def test_word_search(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="cat")
    assert set(names(app)[:2]) == {"L0 N0 F0", "L2 N0 F0"}
    row = rows_of(app, "Features found")[0]
    assert row["why"] == "matches the key token of 14 of 14 examples"
    assert row["line"]["k"] in row["line"]["h"]
    assert row["href"].endswith("layer=0&neuron=0&feature=0")
    assert row["also"][0] == ["More like this", "search?atlas=planted&like=0.0.0"]


def cat_from_source(atlas: Atlas, id: int) -> bool:
    """True if a feature has an example from SOURCE with “cat” in its window."""
    ref = atlas.feature_ref(id)
    neuron = atlas.neuron(ref.of)
    rows = np.flatnonzero((neuron.feature == ref.feature) & has_source(atlas, neuron, SOURCE))
    return any("cat" in "".join(atlas.text(line[line >= 0])) for line in atlas.window_tokens(neuron, rows))


@pytest.mark.parametrize("query", [{"q": "cat"}, {"q": "cat", "mode": "snippet"}, {"like": "0.0.0"}])
def test_filter_by_source(query, tiny_atlas, atlas, monkeypatch):
    every = ids_of(atlas, open_app(tiny_atlas.parent, "search", monkeypatch, **query))
    app = open_app(tiny_atlas.parent, "search", monkeypatch, **query, source=SOURCE)
    counts = examples_from(atlas, SOURCE)
    assert sorted(ids_of(atlas, app)) == sorted(id for id in every if counts[id])
    assert 0 < len(ids_of(atlas, app)) < len(every)
    assert url(app)["source"] == SOURCE
    for row, id in zip(rows_of(app, "Features found"), ids_of(atlas, app), strict=True):
        size = int(atlas.features["size"][id])
        assert (f"{counts[id]} of {size} examples" if size > 1 else "its one example") + " from “" in row["why"]
        if "like" not in query:
            assert row["source"][0].startswith(SOURCE) == cat_from_source(atlas, id)
    app.text_input(key="_find_source").set_value("").run()
    assert ids_of(atlas, app) == every


def test_source_that_no_document_has_is_one_line(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="cat", source="<i>")
    (error,) = app.error
    files = " and ".join(FILES)
    assert words(error.value) == f"source=<i>: no source of this atlas begins with it; its files are {files}"
    assert "<b>" not in error.value
    assert rows_of(app, "Features found")


def test_last_word_may_be_incomplete(tiny_atlas, monkeypatch):
    assert "L2 N2 F0" in names(open_app(tiny_atlas.parent, "search", monkeypatch, q="riv"))


def test_exact_token_search(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="dog", mode="token")
    assert names(app) == ["L0 N2 F0"]
    assert rows_of(app, "Features found")[0]["why"] == "key token of 6 of 6 examples"


def test_name_search_finds_fewer_than_words(tiny_atlas, monkeypatch):
    named = names(open_app(tiny_atlas.parent, "search", monkeypatch, q="cat", mode="name"))
    assert set(named[:2]) == {"L0 N0 F0", "L2 N0 F0"}
    assert len(named) < len(names(open_app(tiny_atlas.parent, "search", monkeypatch, q="cat")))


def test_snippet_search_finds_its_example(tiny_atlas, monkeypatch):
    first = rows_of(open_app(tiny_atlas.parent, "search", monkeypatch, q="cat"), "Features found")[0]
    k = first["line"]["k"]
    piece = "".join(first["line"]["t"][k : k + 3]).strip()
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q=piece, mode="snippet")
    row = next(row for row in rows_of(app, "Features found") if row["href"] == first["href"])
    assert row["why"].startswith("occurs in ")
    assert "".join(row["line"]["t"][i] for i in row["line"]["h"]).strip() == piece


@pytest.mark.parametrize(
    "q",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "日本語", "\t", "⇥", "\u202e", "[U+202E]", "\\xe2"],
)
def test_hostile_tokens_match_their_text(q, tiny_atlas, monkeypatch):
    for mode in ("token", "snippet"):
        assert names(open_app(tiny_atlas.parent, "search", monkeypatch, q=q, mode=mode))


def test_unknown_token_suggests_others(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="moo", mode="token")
    assert "The vocabulary has no such token" in app.markdown[-1].value
    assert "search?atlas=planted&q=moon&mode=token" in chips(app, "Suggested searches").values()


def test_words_without_common_results_are_offered_separately(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="zebra cat")
    assert "No feature has all of these words" in app.markdown[-1].value
    assert list(chips(app, "Suggested searches").values()) == ["search?atlas=planted&q=cat"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "rievr"}, ["search?atlas=planted&q=river"]),
        ({"q": "Rievr cat", "layer": "0"}, ["search?atlas=planted&q=river+cat&layer=0"]),
        ({"q": "rievr slepes"}, ["search?atlas=planted&q=river+sleeps"]),
        ({"q": "rievr", "mode": "name"}, ["search?atlas=planted&q=river"]),
        ({"q": "a rievr!", "mode": "snippet"}, []),  # no example has “a” or anything like it
        ({"q": "xylophone"}, []),
    ],
)
def test_word_that_no_feature_has_suggests_near_misses(query, expected, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, **query)
    assert list(chips(app, "Similar words").values()) == expected


def test_known_words_have_no_near_misses(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="cat nothing")
    assert not chips(app, "Similar words")


def test_unmatched_snippet_offers_its_words(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="cat!?", mode="snippet")
    assert "None of the examples searched contains exactly this text" in app.markdown[-1].value
    assert "search?atlas=planted&q=cat" in chips(app, "Suggested searches").values()


@pytest.mark.parametrize("q", ['"', "*", "NEAR(", "a AND", "'; DROP TABLE text", "\x00", " "])
@pytest.mark.parametrize("mode", ["words", "token", "name", "snippet"])
def test_punctuation_is_not_query_syntax(q, mode, tiny_atlas, monkeypatch):
    assert not open_app(tiny_atlas.parent, "search", monkeypatch, q=q, mode=mode).error


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"q": "cat", "mode": "x"}, "mode=x: the modes are words, token, name or snippet"),
        ({"q": "cat", "page": "5"}, "page=5: this search has one page, page=0"),
        ({"q": "cat", "page": "x"}, "page=x: pages are numbered 0 to 9999"),
        ({"q": "cat", "layer": "1"}, "layer=1: this atlas has layers 0 and 2"),
        (
            {"q": "cat", "class": "odd"},
            "class=odd: the classes are dead, single, primary-rare, related or many",
        ),
        (
            {"q": "cat", "least": "0"},
            "least=0: the least number of examples of a feature is from 1 to 1000000",
        ),
        (
            {"q": "cat", "like": "0.0"},
            "like=0.0: a feature is named by its layer, neuron and feature, such as 0.12.3",
        ),
        ({"q": "cat", "like": "1.0.0"}, "like=1.0.0: this atlas has no neuron L1 N0: it has layers 0 and 2"),
        ({"q": "cat", "like": "0.0.9"}, "like=0.0.9: neuron L0 N0 has features 0 to 1 at the atlas’s cut"),
        ({"q": "cat", "like": "0.4.0"}, "like=0.4.0: neuron L0 N4 has no features at the atlas’s cut"),
        ({"like": "0.0.0", "space": "x"}, "space=x: the spaces are neuron, pre_mlp or aligned"),
    ],
)
def test_invalid_parameter_names_the_valid_values(query, problem, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, **query)
    assert [words(each.value) for each in app.error] == [problem]
    assert names(app)


def test_filters_match_brute_force(tiny_atlas, monkeypatch):
    atlas = Atlas.open(tiny_atlas)
    monkeypatch.setattr(find, "PAGE", 100)
    every = ids_of(atlas, open_app(tiny_atlas.parent, "search", monkeypatch, q="the"))
    kinds = np.array(CLASSES)[feature_classes(atlas)]
    for query, passes in (
        ({"layer": "2"}, atlas.features["layer"] == 2),
        ({"least": "5"}, atlas.features["size"] >= 5),
        ({"class": "many"}, kinds == "many"),
        ({"class": "single", "layer": "0"}, (kinds == "single") & (atlas.features["layer"] == 0)),
    ):
        ids = ids_of(atlas, open_app(tiny_atlas.parent, "search", monkeypatch, q="the", **query))
        assert ids == [id for id in every if passes[id]]
        assert 0 < len(ids) < len(every)


def test_filters_without_results_can_be_removed(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="dog", mode="token", layer="2")
    assert "Without filters there are 1" in app.markdown[-1].value
    assert chips(app, "Fewer filters") == {"Remove the filters": "search?atlas=planted&q=dog&mode=token"}


def test_most_similar_features_come_first(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, like="0.0.0", space="pre_mlp")
    assert rows_of(app, "The feature")[0]["name"] == "L0 N0"
    features = names(app)
    assert {"L0 N2 F0", "L2 N0 F0", "L2 N3 F2"} == set(features[:3])  # those of the same direction
    assert not [name for name in features if name.startswith("L0 N0 ")]
    whys = [row["why"] for row in rows_of(app, "Features found")]
    assert whys[0].endswith("between central examples, as pre-MLP embeddings")
    cosines = [float(why.split()[1].replace("−", "-")) for why in whys]
    assert cosines == sorted(cosines, reverse=True)
    assert cosines[2] > 0.9 > 0.3 > cosines[3]


def test_space_control_changes_the_url(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, like="0.0.0")
    app.button_group(key="_find_space").set_value("pre_mlp").run()
    assert url(app) == {"atlas": "planted", "like": "0.0.0", "space": "pre_mlp"}


def test_typed_query_replaces_the_feature(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, like="0.0.0", page="0", layer="0")
    app.text_input(key="_q").set_value("moon").run()
    assert url(app) == {"atlas": "planted", "q": "moon", "layer": "0"}


def test_filter_controls_change_the_url(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="the")
    app.selectbox(key="_find_layer").set_value(2).run()
    app.number_input(key="_find_least").set_value(5).run()
    assert url(app) == {"atlas": "planted", "q": "the", "layer": "2", "least": "5"}


def test_pages_have_different_results(tiny_atlas, monkeypatch):
    for module in ("pages.components.matching.find", "pages.components.search.hits"):
        monkeypatch.setattr(f"{module}.PAGE", 5)
    first = open_app(tiny_atlas.parent, "search", monkeypatch, q="cat")
    second = open_app(tiny_atlas.parent, "search", monkeypatch, q="cat", page="1")
    assert len(names(first)) == 5
    assert not set(names(first)) & set(names(second))
    assert chips(first, "Pages")["Next"] == "search?atlas=planted&q=cat&page=1"
    assert chips(first, "Pages")["Previous"] is None


def test_results_have_their_names(tiny_atlas, monkeypatch):
    atlas = Atlas.open(tiny_atlas)
    for row in rows_of(open_app(tiny_atlas.parent, "search", monkeypatch, q="cat"), "Features found"):
        layer, neuron = (int(part[1:]) for part in row["name"].split())
        name = label(atlas, atlas.feature_id(FeatureRef(layer, neuron, row["number"])))
        assert (row["label"], row["context"]) == (list(name.tokens), list(name.context))
