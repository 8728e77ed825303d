"""The map: its data against the atlas, its colours, the URL, highlighted and listed features, and the tips."""

import base64
import itertools
import shutil
from dataclasses import replace

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.classes import CLASSES
from ne_core.palette import PAGE
from ne_core.queries.passages import rows_of as rows_of_features
from ne_core.refs import FeatureRef
from ne_core.text.words import words_of
from pages.components.map import points
from pages.components.map.colours import ramp
from pages.components.map.point_map import feature_details
from pages.components.map.points import MARGIN, STEPS, largest, points_of, size_steps
from pages.components.matching import find
from pages.components.matching.why_matched import matches
from pages.components.url import search_view
from tests.pages.test_palette import THEMES, VISION, contrast, linear, oklab
from tests.support.apptest import open_app, payloads, rows_of, url, words


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def drawing(app) -> dict:
    """Data of the map's component."""
    return next(each for each in payloads(app) if "furthest" in each)


def flags(packed: str, n: int) -> list[int]:
    bits = np.unpackbits(np.frombuffer(base64.b64decode(packed), np.uint8), bitorder="little")
    return np.flatnonzero(bits[:n]).tolist()


def test_packed_points_have_places_owners_sizes_and_classes(atlas):
    payload, n, m = points_of(atlas).payload, len(atlas.features["size"]), len(atlas.neurons["layer"])
    assert np.frombuffer(payload, "<u4", 2, 8).tolist() == [n, m]
    xy = np.frombuffer(payload, "<u2", 2 * n, 16).reshape(n, 2) / STEPS
    counts = np.frombuffer(payload, "<u2", m, 16 + 4 * n)
    sizes = np.frombuffer(payload, "u1", n, 16 + 4 * n + 2 * m)
    classes = np.frombuffer(payload, "u1", m, 16 + 5 * n + 2 * m)
    assert len(payload) == 16 + 5 * n + 3 * m
    layout = np.column_stack([atlas.features["map_x"], atlas.features["map_y"]])
    scale = np.ptp(layout, axis=0).max() / np.ptp(xy, axis=0).max()
    between = [(xy[a] - xy[b]) * scale - (layout[a] - layout[b]) for a, b in itertools.combinations(range(n), 2)]
    assert np.abs(between).max() <= 2 * scale / STEPS
    assert xy.min() == pytest.approx(MARGIN, abs=2 / STEPS)
    assert np.repeat(np.arange(m), counts).tolist() == [atlas.neuron_row(atlas.feature_ref(i).of) for i in range(n)]
    assert all(2**step <= size < 2 ** (step + 1) for step, size in zip(sizes, atlas.features["size"], strict=True))
    assert CLASSES[classes[0]] == "primary-rare"
    assert CLASSES[classes[4]] == "dead"


def test_regions_are_sent_with_their_names(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "map", monkeypatch)
    sent = next(each["regions"] for each in payloads(app) if "regions" in each)
    assert [[text for _, _, text in level] for level in sent] == [["<b>right</b>"], [], [], [], [], []]


def test_size_steps_double():
    assert size_steps(np.array([1, 2, 3, 4, 31, 32, 63, 64, 500])).tolist() == [0, 1, 1, 2, 4, 5, 5, 6, 6]


def test_largest_of_selected_features():
    size = np.array([5, 9, 9, 1, 9, 7])
    assert largest(size, np.array([1, 1, 1, 1, 0, 1], dtype=bool), 3) == [1, 2, 5]
    assert largest(size, np.zeros(6, dtype=bool), 3) == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("n", [2, 7, 12, 48])
def test_ramp_is_monotonic_in_lightness_and_has_contrast(theme, n):
    colours = [getattr(each, theme) for each in ramp(n)]
    for vision in VISION:
        lightness = [oklab(np.array(VISION[vision]) @ linear(colour))[0] for colour in colours]
        assert (np.diff(lightness) * (-1 if theme == "light" else 1) > 0).all()
    assert min(contrast(colour, getattr(PAGE, theme)) for colour in colours) > 2.2


def test_map_and_its_list(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "map", monkeypatch)
    assert not app.error
    assert url(app) == {"atlas": "planted"}
    data = drawing(app)
    assert data["layers"] == [[0, 6], [2, 5]]
    assert data["legend"]["names"] == ["0", "2"]
    assert (data["drawn"], data["lit"], data["ring"], data["place"]) == (None, None, None, None)
    rows = rows_of(app, "Largest visible features")
    assert [f"{row['name']} F{row['number']}" for row in rows[:2]] == ["L0 N0 F0", "L2 N4 F0"]


def test_points_are_sent_once_in_their_own_component(tiny_atlas, monkeypatch, atlas):
    app = open_app(tiny_atlas.parent, "map", monkeypatch)
    channels = [each.proto for each in app.get("bidi_component") if each.proto.component_name == "ne_map_channel"]
    carried = [each.bytes for each in channels if each.bytes]
    assert carried == [points_of(atlas).payload]
    assert drawing(app)["points"] == carried[0][:8].hex()


def test_deep_link(tiny_atlas, monkeypatch, atlas):
    query = {
        "q": "cat",
        "mode": "words",
        "colour": "class",
        "layer": "2",
        "show": "0.2.3",
        "x": "0.25",
        "y": "0.5",
        "zoom": "3",
    }
    app = open_app(tiny_atlas.parent, "map", monkeypatch, **query)
    assert not app.error
    assert url(app) == {"atlas": "planted", **query}
    data, n = drawing(app), len(atlas.features["size"])
    assert data["place"] == [0.25, 0.5, 3]
    assert data["ring"]["id"] == atlas.feature_id(FeatureRef(0, 2, 3))
    assert flags(data["drawn"], n) == np.flatnonzero(atlas.features["layer"] == 2).tolist()
    highlighted = flags(data["lit"], n)
    assert atlas.feature_id(FeatureRef(2, 0, 0)) in highlighted
    assert atlas.feature_id(FeatureRef(0, 0, 0)) not in highlighted  # it has the word, in a layer that is not drawn
    assert set(highlighted) == {atlas.feature_id(ref_of(row)) for row in rows_of(app, "Features found")}


def ref_of(row: dict) -> FeatureRef:
    layer, neuron = (int(part[1:]) for part in row["name"].split())
    return FeatureRef(layer, neuron, row["number"])


def firing_on(atlas: Atlas, text: str) -> set[int]:
    """Features with an example whose key token has the text, from the stored examples."""
    rows = rows_of_features(atlas, np.arange(len(atlas.features["size"])))
    keys = atlas.tokens[rows.example, rows.pos]
    return set(rows.owner[[atlas.vocab[key].strip() == text for key in keys.tolist()]].tolist())


@pytest.mark.parametrize("q", ["cat", "dog", "moon", "river"])
def test_search_highlights_what_fires_on_the_text(q, tiny_atlas, monkeypatch, atlas):
    app = open_app(tiny_atlas.parent, "map", monkeypatch, q=q)
    highlighted, mentioned = flags(drawing(app)["lit"], len(atlas.features["size"])), atlas.search.words(q)
    assert set(highlighted) == firing_on(atlas, q) != set()
    assert len(highlighted) < len(mentioned)  # others have it beside their key tokens
    assert any(f"{len(highlighted)} highlighted** firing on “{q}”" in each.value for each in app.markdown)
    assert url(app) == {"atlas": "planted", "q": q}
    assert any("features that fire on the token" in each.value for each in app.caption)


def test_text_that_is_only_in_contexts_highlights_nothing_and_says_where_it_occurs(tiny_atlas, monkeypatch, atlas):
    app = open_app(tiny_atlas.parent, "map", monkeypatch, q="seven")
    mentioned = atlas.search.words("seven").tolist()
    assert not firing_on(atlas, "seven")
    assert not flags(drawing(app)["lit"], len(atlas.features["size"]))
    assert any("No results** firing on “seven”" in each.value for each in app.markdown)
    message = f"It occurs in the examples of {len(mentioned)} features, which fire on another key token."
    assert message in [each.value for each in app.caption]
    app.button(key="_map_mentions").click().run()
    assert url(app) == {"atlas": "planted", "q": "seven", "mode": "words"}
    assert flags(drawing(app)["lit"], len(atlas.features["size"])) == sorted(mentioned) != []


def test_mentions_are_counted_among_the_features_drawn(tiny_atlas, monkeypatch, atlas):
    app = open_app(tiny_atlas.parent, "map", monkeypatch, q="seven", layer="2")
    n = int((atlas.features["layer"][atlas.search.words("seven")] == 2).sum())
    assert any(f"examples of {n} feature" in each.value for each in app.caption)


def test_part_of_a_key_token_offers_the_token(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "map", monkeypatch, q="riv")
    (chip,) = next(each for each in payloads(app) if "chips" in each)["chips"]
    assert (chip["text"], chip["href"].split("?")[1]) == ("river", "atlas=planted&q=river")


def test_search_opens_in_the_same_mode_on_its_page(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "map", monkeypatch, q="cat")
    (link,) = (each.proto for each in app.get("page_link") if each.proto.label == "Open in Search")
    assert sorted(link.query_string.split("&")) == ["atlas=planted", "mode=token", "q=cat"]


def test_search_without_results_has_a_message(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "map", monkeypatch, q="zebra")
    assert any("No results" in each.value for each in app.markdown)
    assert any("does not occur" in each.value for each in app.caption)
    assert not flags(drawing(app)["lit"], 100)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"colour": "x"}, "colour=x: points are coloured by layer, size or class"),
        ({"layer": "1"}, "layer=1: this atlas has layers 0 to 2"),
        ({"show": "0.0"}, "show=0.0: a feature is named by its layer, neuron and feature, such as 0.12.3"),
        ({"show": "0.0.9"}, "show=0.0.9: neuron L0 N0 has features 0 to 1 at the atlas’s cut"),
        ({"show": "0.4.0"}, "show=0.4.0: neuron L0 N4 has no features at the atlas’s cut"),
        ({"x": "2"}, "x=2: a position on the map is a number from 0 to 1"),
        ({"zoom": "0"}, "zoom=0: the map is magnified 1 to 100 times"),
        ({"q": "cat", "mode": "y"}, "mode=y: the modes are words, token, name or snippet"),
    ],
)
def test_invalid_parameter_names_the_valid_values(query, message, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "map", monkeypatch, **query)
    assert [words(each.value) for each in app.error] == [message.replace("layers 0 to 2", "layers 0 and 2")]
    assert drawing(app)


def test_controls_change_the_url(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "map", monkeypatch, show="2.0.1")
    app.text_input(key="_map_q").set_value("moon").run()
    app.selectbox(key="_map_layer").set_value(2).run()
    app.button(key="_map_ring").click().run()
    assert url(app) == {"atlas": "planted", "q": "moon", "layer": "2"}
    app.button(key="_map_clear").click().run()
    assert url(app) == {"atlas": "planted", "layer": "2"}


def test_atlas_without_features_has_a_message(tiny_atlas, tmp_path, monkeypatch):
    monkeypatch.setattr("pages.components.shell.frame.load_atlas", lambda root, *_: without_features(Atlas.open(root)))
    shutil.copytree(tiny_atlas, tmp_path / "empty")
    app = open_app(tmp_path, "map", monkeypatch)
    assert any("no features" in each.value for each in app.markdown)
    assert not payloads(app)


def without_features(atlas: Atlas) -> Atlas:
    neurons = atlas.neurons | {"n_features": np.zeros_like(atlas.neurons["n_features"])}
    return replace(atlas, neurons=neurons, features={name: each[:0] for name, each in atlas.features.items()})


def test_tip_of_a_feature(atlas):
    answer = feature_details(atlas, atlas.feature_id(FeatureRef(0, 2, 3)))
    assert answer["name"] == "L0 N2 F3"
    assert answer["meta"] == "3 examples"
    assert answer["line"]["t"][answer["line"]["k"]] in answer["label"]


@pytest.mark.parametrize(
    ("q", "mode"), [("cat", "words"), ("riv", "words"), ("the cat", "words"), ("dog", "token"), ("cat", "name"),
                    ("red blue", "snippet")]
)  # fmt: skip
def test_tips_of_highlighted_points_have_reasons_and_matches(q, mode, atlas):
    view = search_view.View(q, mode)
    results = find.run_search(atlas, view)
    assert len(results)
    for id, match in zip(results.ids.tolist(), matches(atlas, view, results, slice(0, len(results))), strict=True):
        answer = feature_details(atlas, id, view, results)
        assert answer["why"] == match.why != ""
        line = answer["line"]
        lit = [line["t"][i] for i in line["h"]]
        held = words_of("".join(line["t"]) if mode == "name" else "".join(lit))
        assert lit
        assert any(word.startswith(each) for word in held for each in words_of(q))
    unlit = np.setdiff1d(np.arange(len(atlas.features["size"])), results.ids).tolist()
    assert {feature_details(atlas, id, view, results)["why"] for id in unlit} <= {None}


def test_tip_of_a_similar_feature_has_its_cosine(atlas):
    view = search_view.View(like=FeatureRef(0, 0, 0), space="pre_mlp")
    results = find.run_search(atlas, view)
    assert feature_details(atlas, int(results.ids[0]), view, results)["why"].startswith(
        f"cosine {results.cosines[0]:.2f} "
    )


def test_different_searches_have_different_keys(tiny_atlas, monkeypatch):
    """The browser caches the tips of points, by search."""
    searches = [drawing(open_app(tiny_atlas.parent, "map", monkeypatch, q=q)) for q in ("cat", "moon")]
    assert searches[0]["search"] != searches[1]["search"]


def test_list_of_results_has_reasons(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "map", monkeypatch, q="the cat", mode="words")
    rows = rows_of(app, "Features found")
    searched = rows_of(open_app(tiny_atlas.parent, "search", monkeypatch, q="the cat"), "Features found")
    assert [(row["name"], row["number"], row["why"]) for row in rows] == [
        (row["name"], row["number"], row["why"]) for row in searched
    ]
    assert all(row["line"]["h"] for row in rows)


def test_single_feature_is_in_the_middle(atlas):
    one = {"map_x": np.array([7.0], np.float32), "map_y": np.array([-3.0], np.float32)}
    assert points.map_positions(replace(atlas, features=one)).tolist() == [[0.5, 0.5]]
