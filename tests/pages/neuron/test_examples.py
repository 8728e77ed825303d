"""Examples of a feature: order, filters, context and baseline from the URL, and messages for invalid values."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet
from scipy.spatial.distance import squareform

from ne_core.atlas import Atlas
from ne_core.queries.maximum import percent
from ne_core.refs import NeuronRef
from ne_core.text.token_text import spelled, visible
from pages.components.matching.text_filter import TextFilter
from pages.components.neuron import export_neuron
from pages.components.url import reading
from pages.components.url.neuron_view import View
from pages.components.url.reading import Reading, baseline_names
from pages.components.widgets import example_selection
from pages.components.widgets.clusters import features_at
from pages.components.widgets.token_lines import example_lines
from tests.support.apptest import open_app, payloads, rows_of, url, words

LARGE = {"layer": "0", "neuron": "0"}  # features of 14 and 3 examples
SEVERAL = {"layer": "0", "neuron": "2"}


@pytest.fixture(scope="module")
def atlas(tiny_atlas):
    return Atlas.open(tiny_atlas)


@pytest.fixture(scope="module")
def large(atlas):
    return atlas.neuron(NeuronRef(0, 0))


def example_data(app) -> dict:
    return next(each for each in payloads(app) if "lines" in each)


def places(examples: dict) -> list[tuple[int, int]]:
    """Example and position of the key token of each line."""
    return [(line["e"], line["p"]) for line in examples["lines"]]


def places_of(neuron, rows) -> list[tuple[int, int]]:
    return list(zip(neuron.example[rows].tolist(), neuron.pos[rows].tolist(), strict=True))


def feature_rows(neuron, feature: int) -> np.ndarray:
    return np.flatnonzero(neuron.feature == feature)


def test_defaults_are_not_in_the_url(tiny_atlas, monkeypatch):
    defaults = {"sort": "central", "context": "whole", "baseline": "mask-token", "values": "off", "page": "0"}
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, **defaults)
    assert not app.error
    assert url(app) == {"atlas": "planted", **LARGE}
    assert example_data(app)["count"] == ""
    assert example_data(app)["pages"] == []


def test_all_reading_parameters_are_in_the_url(tiny_atlas, monkeypatch):
    parameters = {"sort": "far", "context": "short", "baseline": "mean", "values": "on", "least": "80", "most": "99.5"}
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, feature="0", **parameters, holds="cat", cut="0.4")
    assert not app.error
    query = {"atlas": "planted", **LARGE, "feature": "0", **parameters, "holds": "cat", "cut": "0.4"}
    assert list(url(app).items()) == list(query.items())
    assert example_data(app)["bar"]["query"] == query
    assert [name for name in example_data(app)["bar"]["order"] if name in query] == list(query)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"sort": "x"}, "sort=x: examples are sorted by central, activation, near or far"),
        ({"context": "x"}, "context=x: the contexts are whole, short or important"),
        (
            {"baseline": "x"},
            "baseline=x: the mask baselines of this atlas are mask-token, mean-embedding or mean",
        ),
        ({"values": "x"}, "values=x: values are on or off"),
        ({"least": "x"}, "least=x: an activation in percent of the neuron’s maximum, from 0 to 100"),
        ({"most": "101"}, "most=101: an activation in percent of the neuron’s maximum, from 0 to 100"),
        ({"least": "90", "most": "80"}, "least=90: it is above most=80"),
        ({"page": "1"}, "page=1: these examples have one page, page=0"),
    ],
)
def test_invalid_parameter_names_the_valid_values(query, message, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, **query)
    assert [words(each.value) for each in app.error] == [message]
    assert len(example_data(app)["lines"]) == 14


def test_order_by_activation(tiny_atlas, large, monkeypatch):
    rows = feature_rows(large, 0)
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, sort="activation")
    expected = rows[np.argsort(-large.activation[rows].astype(float), kind="stable")]
    assert {line["aside"] for line in example_data(app)["lines"]} == {f"{large.activation[row]:.2f}" for row in rows}
    values = [float(line["aside"]) for line in example_data(app)["lines"]]
    assert values == sorted(values, reverse=True)
    assert set(places(example_data(app))) == set(places_of(large, expected))


@pytest.mark.parametrize("sort", ["near", "far"])
def test_order_by_distance_at_the_default_cut(sort, tiny_atlas, large, monkeypatch):
    """Distances from the mean direction are stored in the atlas."""
    rows, distances = feature_rows(large, 0), large.center_distance.astype(np.float64)
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, sort=sort)
    expected = sorted(rows.tolist(), key=lambda row: -distances[row] if sort == "far" else distances[row])
    assert [distances[row] for row in expected] == [distances[row] for row in displayed_rows(large, example_data(app))]
    asides = [
        f"distance {distances[row]:.3f} · {large.activation[row]:.2f}"
        for row in displayed_rows(large, example_data(app))
    ]
    assert [line["aside"] for line in example_data(app)["lines"]] == asides
    assert any("mean direction of its feature" in each.value for each in app.caption)


def displayed_rows(neuron, examples: dict) -> list[int]:
    every = places_of(neuron, np.arange(len(neuron)))
    return [every.index(place) for place in places(examples)]


@pytest.mark.parametrize("query", [{"cut": "0.9"}, {"branch": "16"}, {"branch": "5"}])
def test_order_by_distance_elsewhere_uses_heights_in_the_tree(query, tiny_atlas, atlas, monkeypatch):
    neuron = atlas.neuron(NeuronRef(0, 2))
    heights = squareform(cophenet(neuron.tree.astype(np.float64)))
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL, sort="near", **query)
    rows = displayed_rows(neuron, example_data(app))
    asides = [float(line["aside"].split()[1]) for line in example_data(app)["lines"]]
    assert asides[0] == 0  # the central example itself
    assert asides == sorted(asides)
    np.testing.assert_allclose(asides, heights[rows[0]][rows], atol=6e-4)
    assert any("joins the central one" in each.value for each in app.caption)


def test_filter_by_activation_in_percent(tiny_atlas, atlas, large, monkeypatch):
    rows = feature_rows(large, 0)
    least, most = np.sort(percent(atlas, large)[rows])[[3, 9]]
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, least=f"{least:g}", most=f"{most:g}")
    inside = [row for row in rows if least <= percent(atlas, large)[row] <= most]
    assert sorted(displayed_rows(large, example_data(app))) == inside
    assert len(inside) == 7
    assert example_data(app)["count"] == "7 of 14 examples pass the filters."


def test_filter_by_a_token(tiny_atlas, atlas, large, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, holds="river")
    rows, river = feature_rows(large, 0), atlas.vocab.index(" river")
    tokens = atlas.window_tokens(large, rows)
    assert sorted(displayed_rows(large, example_data(app))) == rows[(tokens == river).any(axis=1)].tolist()
    for line in example_data(app)["lines"]:
        assert line["h"] == [i for i, text in enumerate(line["t"]) if text == " river"] != []


def displayed_texts(atlas, neuron, rows) -> list[str]:
    """Displayed text of each example."""
    return [
        "".join(atlas.visible_tokens[t] for t in row if t >= 0) for row in atlas.window_tokens(neuron, rows).tolist()
    ]


def pair_in(atlas, neuron, rows) -> str:
    """Two adjacent words of an example, as they are displayed."""
    windows = atlas.window_tokens(neuron, rows).tolist()
    is_word = [text.strip().isalpha() and text.startswith(" ") for text in atlas.vocab]
    return next(atlas.visible_tokens[a] + atlas.visible_tokens[b] for row in windows for a, b in pairwise(row)
                if min(a, b) >= 0 and is_word[a] and is_word[b])  # fmt: skip


def test_filter_by_a_displayed_text_of_several_tokens(tiny_atlas, atlas, large, monkeypatch):
    rows = feature_rows(large, 0)
    piece, texts = pair_in(atlas, large, rows), displayed_texts(atlas, large, rows)
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, holds=f'"{piece.strip()}"')
    assert sorted(displayed_rows(large, example_data(app))) == [
        row for row, text in zip(rows.tolist(), texts, strict=True) if piece.strip() in text
    ]
    assert example_data(app)["lines"]
    for line in example_data(app)["lines"]:
        assert piece.strip() in "".join(line["t"][i] for i in line["h"])


@pytest.mark.parametrize("holds", ["river", "RIVER", "rive", "␣river", " River", '"river"'])
def test_filter_is_the_same_in_any_case(holds, atlas, large):
    rows = feature_rows(large, 0)
    expected = ["river" in text for text in displayed_texts(atlas, large, rows)]
    assert TextFilter(atlas, holds).passes(large, rows).tolist() == expected
    assert 0 < sum(expected) < len(rows)


@pytest.mark.parametrize("holds", ["river moon", "Moon  RIVER", ' "river" moon ', "moon riv moon"])
def test_filter_of_several_words_needs_all_of_them_anywhere(holds, tiny_atlas, atlas, large, monkeypatch):
    rows = feature_rows(large, 0)
    texts = displayed_texts(atlas, large, rows)
    expected = ["river" in text and "moon" in text for text in texts]
    assert TextFilter(atlas, holds).passes(large, rows).tolist() == expected
    assert 0 < sum(expected) < sum("river" in text or "moon" in text for text in texts)
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, holds=holds)
    for line in example_data(app)["lines"]:
        assert line["h"] == [i for i, text in enumerate(line["t"]) if text in (" river", " moon")]


def test_text_of_spaces_or_quotes_is_searched_as_it_stands(atlas, large):
    rows = np.arange(len(large))
    for typed, piece in ((" ", " "), ('"', '"'), ('""', '""'), ('"a', '"a'), ('" "', " ")):
        expected = [piece in text for text in displayed_texts(atlas, large, rows)]
        assert TextFilter(atlas, typed).passes(large, rows).tolist() == expected


def test_links_with_exact_tokens_still_match_their_examples(atlas, large):
    """Tokens in both spellings of older versions, with spaces or with signs for them."""
    rows = np.arange(len(large))
    windows = atlas.window_tokens(large, rows)
    for id, token in enumerate(atlas.vocab):
        for typed in (spelled(token), visible(token)):
            assert (TextFilter(atlas, typed).passes(large, rows) >= (windows == id).any(axis=1)).all(), typed


def test_short_context_is_extended_to_the_filter_text(tiny_atlas, atlas, large, monkeypatch):
    monkeypatch.setattr(example_lines, "SHORT", (1, 0))
    whole = example_data(open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, holds="moon"))
    short = example_data(open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, holds="moon", context="short"))
    assert places(short) == places(whole) != []
    for line in short["lines"]:
        assert "moon" in "".join(line["t"][i] for i in line["h"])
    assert any(len(a["t"]) < len(b["t"]) for a, b in zip(short["lines"], whole["lines"], strict=True))


def test_exported_examples_match_the_filter(atlas, large):
    rows = feature_rows(large, 0)
    piece = pair_in(atlas, large, rows).strip()
    cluster = features_at(large, atlas.manifest.default_cut)[0]
    view = View(
        large.ref, 0, atlas.manifest.default_space, atlas.manifest.default_cut, reading=Reading(holds=f'"{piece}"')
    )
    table = export_neuron.tables(atlas, large, view, cluster, 0)[0]
    texts = displayed_texts(atlas, large, rows)
    matching = [row for row, text in zip(rows.tolist(), texts, strict=True) if piece in text]
    assert table.frame()["example"].tolist() == large.example[matching].tolist()
    assert 0 < len(matching) < len(rows)


@pytest.mark.parametrize("holds", ["<script>alert(1)</script>", "nothing like it"])
def test_message_if_no_example_passes(holds, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, holds=holds, most="1")
    assert not app.error
    assert example_data(app)["lines"] == []
    assert example_data(app)["count"].startswith("None of the 14 examples passes the filters.")


def test_links_within_a_neuron_keep_filters_and_all_links_keep_the_reading(tiny_atlas, monkeypatch):
    query = {"sort": "activation", "context": "short", "least": "80", "holds": "cat"}
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, **query)
    same_neuron = rows_of(app, "Features of")[1]["href"]
    assert (
        same_neuron
        == "neuron?atlas=planted&layer=0&neuron=0&feature=1&sort=activation&context=short&least=80&holds=cat"
    )
    other_neuron = rows_of(app, "Features similar")[0]["href"]
    assert other_neuron.endswith("&sort=activation&context=short")
    tree = next(each for each in payloads(app) if "branches" in each)
    assert tree["query"] == "&sort=activation&context=short&least=80&holds=cat"
    next(each for each in app.button if each.label == "Next").click().run()
    assert url(app) == {"atlas": "planted", "layer": "0", "neuron": "1", "sort": "activation", "context": "short"}


def test_short_context(tiny_atlas, monkeypatch):
    whole = example_data(open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE))["lines"]
    monkeypatch.setattr(example_lines, "SHORT", (3, 1))
    short = example_data(open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, context="short"))["lines"]
    for all, few in zip(whole, short, strict=True):
        start = max(0, all["k"] - 3)
        assert few["t"] == all["t"][start : all["k"] + 2]
        assert few["v"] == all["v"][start : all["k"] + 2]
        assert few["m"] == (all["m"] and all["m"][start : all["k"] + 2])
        assert few["k"] == all["k"] - start
        assert few["cut"] == [start > 0, all["k"] + 2 < len(all["t"])]
        assert all["cut"] == [False, False]


def test_context_of_important_tokens(tiny_atlas, monkeypatch):
    monkeypatch.setattr(example_lines, "IMPORTANT", 0.45)
    whole = example_data(open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE))["lines"]
    short = example_data(open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, context="important"))["lines"]
    known = [(all, few) for all, few in zip(whole, short, strict=True) if all["m"] is not None]
    assert len(known) == 3
    for all, few in known:
        first = next(i for i, value in enumerate(all["m"]) if abs(value) >= 0.45)
        assert few["t"] == all["t"][first : all["k"] + 1]
    assert any(len(few["t"]) < all["k"] + 1 for all, few in known)


def test_baselines_and_their_mean(tiny_atlas, large, monkeypatch):
    data = {
        name: example_data(open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, baseline=name))
        for name in ("mask-token", "mean-embedding", "mean")
    }
    for row, lines in enumerate(zip(*(each["lines"] for each in data.values()), strict=True)):
        first, second, mean = (line["m"] for line in lines)
        if first is None:
            assert "b" not in lines[0]
            continue
        assert lines[0]["b"] == lines[2]["b"] == [first, second]
        np.testing.assert_allclose(mean, np.mean([first, second], axis=0), atol=0.011)
        signs = [min(pair) <= -0.031 and max(pair) >= 0.031 for pair in zip(first, second, strict=True)]
        assert {i for i, differ in enumerate(signs) if differ} <= set(lines[0]["d"]), row
        assert all(min(first[i], second[i]) < 0 < max(first[i], second[i]) for i in lines[0]["d"])
    assert "masked tokens replaced by mean-embedding." in data["mean-embedding"]["head"]["facts"]
    assert "replaced by the mean over mask-token and mean-embedding." in data["mean"]["head"]["facts"]
    assert [data[name]["baseline"] for name in data] == [0, 1, None]


def test_single_baseline_has_no_mean():
    assert baseline_names(["mask-token"]) == ("mask-token",)
    assert Reading().baseline_number(["mask-token"]) == 0


def test_near_duplicates_follow_the_first_and_are_counted(tiny_atlas, large, monkeypatch):
    """The first seven examples end as the last seven do."""
    whole = places(example_data(open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE)))
    monkeypatch.setattr(
        example_selection, "endings", lambda atlas, neuron, rows: [str(i % 7) for i in range(len(rows))]
    )
    examples = example_data(open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE))
    assert places(examples) == [whole[i + 7 * k] for i in range(7) for k in range(2)]
    assert [line.get("of") for line in examples["lines"]] == [of for i in range(7) for of in (None, 2 * i)]
    rule = "7 near duplicates are folded: the same last 40 characters up to and including the key token."
    assert examples["count"] == rule


def test_pages_of_examples(tiny_atlas, large, monkeypatch):
    """Every example is on one page, in order; links lead from page to page."""
    whole = places(example_data(open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE)))
    monkeypatch.setattr(reading, "PAGE", 5)
    all_places, query = [], {**LARGE, "context": "short"}
    for page in range(3):
        app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **query | ({"page": str(page)} if page else {}))
        examples = example_data(app)
        all_places += places(examples)
        assert url(app) == {"atlas": "planted", **query} | ({"page": str(page)} if page else {})
        assert examples["count"].startswith(f"{5 * page} to {min(13, 5 * page + 4)} of 14 shown")
        links = [(each["text"], each["href"].partition("short")[2]) for each in examples["pages"]]
        assert (
            links
            == [
                [("Next: 5 to 9", "&page=1")],
                [("Previous: 0 to 4", ""), ("Next: 10 to 13", "&page=2")],
                [("Previous: 5 to 9", "&page=1")],
            ][page]
        )
    assert all_places == whole
    bad = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, page="3")
    assert [words(each.value) for each in bad.error] == ["page=3: these examples have 3 pages, page=0 to page=2"]
