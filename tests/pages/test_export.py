"""The Export menus: nothing is made before it is asked for, and what is made is what the view shows."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from ne_core.atlas import Atlas
from ne_core.export.detail_frames import distance_frame, effects_frame
from ne_core.export.frames import cut_frame, examples_frame, features_frame, layers_frame, neurons_frame, similar_frame
from ne_core.export.map_svg import GREY
from ne_core.export.provenance import provenance
from ne_core.export.static_page import static_page
from ne_core.export.table_files import read_table
from ne_core.queries.by_distance import distances
from ne_core.queries.ranking import ranking
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.map import export_map
from pages.components.widgets import export
from tests.support.apptest import open_app, payloads

# Four features share one direction of inputs: L0 N0 F0, L0 N2 F0, L2 N0 F0 and L2 N3 F2.
TRAIL = {"layer": "0", "neuron": "0", "feature": "0", "space": "pre_mlp", "least": "0.9"}
PAIR = {"a": "2.3.1", "b": "0.0.0"}
MENUS = {
    "overview": {},
    "neuron": {"layer": "0", "neuron": "0"},
    "ranking": {},
    "search": {"q": "cat"},
    "across_layers": TRAIL,
    "side_by_side": PAIR,
    "map": {},
    "spaces": {"layer": "0", "neuron": "2"},
}


@pytest.fixture
def offered(monkeypatch) -> dict:
    """What each button of an open menu would download, by its label: the file's name, and what makes it."""
    found: dict = {}

    def kept(title, file, mime, made, key):
        found[title] = (file, made)

    monkeypatch.setattr(export, "download", kept)
    return found


def with_menu(atlas, page: str, monkeypatch, **query: str):
    """The page with its menu open; the tables in Parquet, which says where it came from."""
    app = open_app(atlas.parent, page, monkeypatch, **query)
    app.session_state[f"_export_{page}"] = True
    app.session_state[f"_format_{page}"] = "parquet"
    return app.run()


def saved(offered, title: str, tmp_path) -> pd.DataFrame:
    file, made = offered[title]
    path = tmp_path / file
    path.write_bytes(made())
    return read_table(path)


@pytest.mark.parametrize("page", MENUS)
def test_a_closed_menu_makes_nothing(page, tiny_atlas, monkeypatch, offered):
    monkeypatch.setattr(export, "table_bytes", lambda *given: pytest.fail("asked for"))
    app = open_app(tiny_atlas.parent, page, monkeypatch, **MENUS[page])
    assert len(app.get("popover")) == 1
    assert not offered
    assert not [each for each in payloads(app) if "pictures" in each]


def test_the_neuron_s_tables_are_those_of_its_view(tiny_atlas, monkeypatch, offered, tmp_path):
    query = {"layer": "2", "neuron": "3", "feature": "1"}
    with_menu(tiny_atlas, "neuron", monkeypatch, **query)
    atlas, ref = Atlas.open(tiny_atlas), NeuronRef(2, 3)
    frame = saved(offered, "Examples of feature 1", tmp_path)
    pd.testing.assert_frame_equal(frame, examples_frame(atlas, FeatureRef(2, 3, 1)), check_names=False)
    assert frame.attrs == provenance(atlas, {"atlas": "planted", **query})
    assert offered["Examples of feature 1"][0] == "planted-L2-N3-F1-examples.parquet"
    assert len(saved(offered, "All examples of this neuron", tmp_path)) == 9
    pd.testing.assert_frame_equal(saved(offered, "Features of this neuron", tmp_path), cut_frame(atlas, ref, 0.5))
    pd.testing.assert_frame_equal(
        saved(offered, "Features similar to feature 1", tmp_path), similar_frame(atlas, FeatureRef(2, 3, 1))
    )
    assert saved(offered, "Every token of all examples", tmp_path)["row"].nunique() == 9
    file, page = offered["This neuron on one page, as HTML"]
    assert (file, page()) == ("planted-L2-N3.html", static_page(atlas, ref, 0.5))


def test_at_another_cut_they_are_of_that_cut(tiny_atlas, monkeypatch, offered, tmp_path):
    with_menu(tiny_atlas, "neuron", monkeypatch, layer="2", neuron="3", cut="2")
    assert len(saved(offered, "Examples of feature 0", tmp_path)) == 9
    assert offered["Features of this neuron"][0] == "planted-L2-N3-cut2-features.parquet"
    assert saved(offered, "Features of this neuron", tmp_path)["size"].tolist() == [9]


def test_a_branch_has_its_own_examples(tiny_atlas, monkeypatch, offered, tmp_path):
    with_menu(tiny_atlas, "neuron", monkeypatch, layer="2", neuron="3", branch="0")
    assert len(saved(offered, "Examples of branch point 0", tmp_path)) == 2
    assert offered["Examples of branch point 0"][0] == "planted-L2-N3-B0-examples.parquet"


def test_filters_of_the_view_hold(tiny_atlas, monkeypatch, offered, tmp_path):
    with_menu(tiny_atlas, "neuron", monkeypatch, layer="0", neuron="0", least="90")
    file = offered["Examples of feature 0 that pass the filters"][0]
    assert file == "planted-L0-N0-F0-examples-filtered.parquet"
    frame = saved(offered, "Examples of feature 0 that pass the filters", tmp_path)
    assert 0 < len(frame) < 14
    assert (frame["activation"] >= 0.9 * 4 - 0.01).all()


def test_figures_are_drawn_when_the_menu_is_open(tiny_atlas, monkeypatch):
    app = with_menu(tiny_atlas, "neuron", monkeypatch, layer="2", neuron="3")
    shown = next(each["pictures"] for each in payloads(app) if "pictures" in each)
    assert [each["name"] for each in shown[:2]] == ["planted-L2-N3-dendrogram", "planted-L2-N3-dendrogram-text"]
    for each in shown[:2]:
        assert each["svg"].count('class="leaf"') == 9
        assert each["svg"] in each["html"]
        assert "default-src 'none'" in each["html"]


def behind(app) -> list[str]:
    """Names of the figures in the menu that are no dendrogram."""
    shown = next(each["pictures"] for each in payloads(app) if "pictures" in each)
    return [each["name"] for each in shown if "dendrogram" not in each["name"]]


def test_figures_under_the_examples_are_those_of_the_page(tiny_atlas, monkeypatch, offered, tmp_path):
    app = with_menu(tiny_atlas, "neuron", monkeypatch, layer="0", neuron="0", feature="1", baseline="mean-embedding")
    names = ["F1-by-distance-mean-embedding", "F1-why", "logits", "histogram"]
    assert behind(app) == [f"planted-L0-N0-{name}" for name in names]
    plots = {each["label"]: each for each in payloads(app) if "bars" in each}
    shown = next(each["pictures"] for each in payloads(app) if "pictures" in each)
    for each in shown[2:]:
        label = re.search("<title>(.*?)</title>", each["svg"])[1]
        if label in plots:
            assert each["svg"].count('class="bar"') == len(plots.pop(label)["bars"])
    assert not plots
    atlas = Atlas.open(tiny_atlas)
    rows = np.flatnonzero(atlas.neuron(NeuronRef(0, 0)).feature == 1)
    frame = saved(offered, "Importance by distance, feature 1", tmp_path)
    expected = distance_frame(*distances(atlas.neuron(NeuronRef(0, 0)), rows, 1))
    pd.testing.assert_frame_equal(frame, expected, check_names=False)
    frame = saved(offered, "Why this meaning, feature 1", tmp_path)
    wrote = atlas.contributions(NeuronRef(0, 0))
    assert list(zip(frame["part"], frame["layer"], frame["head"], strict=True)) == [
        ("token", -1, -1), ("position", -1, -1), ("head", 0, 0), ("head", 0, 1), ("biases", -1, -1),
    ]  # fmt: skip
    np.testing.assert_allclose(frame["mean"], wrote.parts[rows].astype(float).mean(axis=0))
    np.testing.assert_allclose(frame["mean"].sum(), atlas.neuron(NeuronRef(0, 0)).activation[rows].mean(), rtol=1e-2)
    frame = saved(offered, "Effect on the logits", tmp_path)
    pd.testing.assert_frame_equal(frame, effects_frame(atlas, NeuronRef(0, 0)), check_names=False)


def test_an_atlas_without_effects_offers_none(tiny_atlas, monkeypatch, offered):
    monkeypatch.setattr(Atlas, "logit_effects", lambda atlas, ref: None)
    app = with_menu(tiny_atlas, "neuron", monkeypatch, layer="0", neuron="0")
    assert behind(app) == [f"planted-L0-N0-{name}" for name in ("F0-by-distance", "F0-why", "histogram")]
    assert "Effect on the logits" not in offered
    assert "Importance by distance, feature 0" in offered


def test_one_example_has_no_dendrogram(tiny_atlas, monkeypatch, offered):
    app = with_menu(tiny_atlas, "neuron", monkeypatch, layer="0", neuron="3")
    shown = next(each["pictures"] for each in payloads(app) if "pictures" in each)
    assert behind(app) == [each["name"] for each in shown]
    assert "Examples of feature 0" in offered


def test_the_board_exports_every_row_of_its_view(tiny_atlas, monkeypatch, offered, tmp_path):
    monkeypatch.setattr("pages.components.url.ranking_view.PAGE", 2)
    with_menu(tiny_atlas, "ranking", monkeypatch, layer="2", sort="size")
    frame = saved(offered, "These 5 neurons, in this order", tmp_path)
    assert frame["neuron"].tolist() == [0, 4, 3, 2, 1]
    atlas = Atlas.open(tiny_atlas)
    expected = neurons_frame(atlas).query("layer == 2").sort_values("n_examples", ascending=False, kind="stable")
    pd.testing.assert_frame_equal(frame, expected.reset_index(drop=True))
    pd.testing.assert_frame_equal(
        saved(offered, "The layers: neurons, classes, quantiles", tmp_path), layers_frame(atlas)
    )


def test_search_exports_every_hit_in_its_order(tiny_atlas, monkeypatch, offered, tmp_path):
    monkeypatch.setattr("pages.components.matching.find.PAGE", 2)
    app = with_menu(tiny_atlas, "search", monkeypatch, q="cat")
    (title,) = [title for title in offered if "found" in title]
    frame = saved(offered, title, tmp_path)
    atlas = Atlas.open(tiny_atlas)
    found = atlas.search.words("cat").tolist()
    assert len(found) > 2
    pd.testing.assert_frame_equal(frame, features_frame(atlas, found))
    assert not app.error


def test_the_trail_exports_its_features_and_its_links(tiny_atlas, monkeypatch, offered, tmp_path):
    app = with_menu(tiny_atlas, "across_layers", monkeypatch, **TRAIL)
    atlas, shown = Atlas.open(tiny_atlas), next(each for each in payloads(app) if "nodes" in each)
    frame = saved(offered, "Features of this trail", tmp_path)
    assert [f"L{n.layer} N{n.neuron} F{n.feature}" for n in frame.itertuples()] == [n["ref"] for n in shown["nodes"]]
    assert frame["cosine"][0] == pytest.approx(1, abs=0.01)
    assert frame["links_before"].tolist() == [0, 0, 2, 2]
    assert frame["links_after"].tolist() == [2, 2, 0, 0]
    expected = features_frame(atlas, frame["id"].tolist())
    pd.testing.assert_frame_equal(frame[expected.columns], expected)
    links = saved(offered, "Links of this trail", tmp_path)
    ids = frame["id"].tolist()
    drawn = [(ids[a], ids[b], cosine) for a, b, cosine in shown["links"]]
    assert list(zip(links["from_id"], links["to_id"], links["cosine"].round(3), strict=True)) == drawn
    assert links[["to_layer", "to_neuron", "to_feature"]].to_numpy().tolist() == [[2, 3, 2], [2, 0, 0]] * 2
    assert offered["Links of this trail"][0] == "planted-L0-N0-F0-trail-pre_mlp-least0.9-links.parquet"


def test_the_trail_s_figure_has_its_boxes_and_curves(tiny_atlas, monkeypatch):
    app = with_menu(tiny_atlas, "across_layers", monkeypatch, **TRAIL)
    (figure,) = next(each["pictures"] for each in payloads(app) if "pictures" in each)
    assert figure["name"] == "planted-L0-N0-F0-trail-pre_mlp-least0.9"
    assert (figure["svg"].count('class="node"'), figure["svg"].count("<path")) == (4, 4)


def test_a_trail_of_one_feature_has_tables_and_no_figure(tiny_atlas, monkeypatch, offered, tmp_path):
    app = with_menu(tiny_atlas, "across_layers", monkeypatch, **TRAIL | {"feature": "1", "least": "1"})
    assert not [each for each in payloads(app) if "pictures" in each]
    assert len(saved(offered, "Features of this trail", tmp_path)) == 1
    assert saved(offered, "Links of this trail", tmp_path).empty


def test_the_pair_exports_both(tiny_atlas, monkeypatch, offered, tmp_path):
    with_menu(tiny_atlas, "side_by_side", monkeypatch, **PAIR)
    atlas, refs = Atlas.open(tiny_atlas), (FeatureRef(2, 3, 1), FeatureRef(0, 0, 0))
    ids = [atlas.feature_id(ref) for ref in refs]
    pd.testing.assert_frame_equal(saved(offered, "Both features", tmp_path), features_frame(atlas, ids))
    examples = pd.concat([examples_frame(atlas, ref) for ref in refs], ignore_index=True)
    pd.testing.assert_frame_equal(saved(offered, "Examples of both", tmp_path), examples)
    assert offered["Examples of both"][0] == "planted-side-by-side-2.3.1-0.0.0-examples.parquet"


def test_half_a_pair_has_no_menu(tiny_atlas, monkeypatch):
    assert not open_app(tiny_atlas.parent, "side_by_side", monkeypatch, a="2.3.1").get("popover")


def test_the_map_exports_what_is_drawn_and_what_is_lit(tiny_atlas, monkeypatch, offered, tmp_path):
    with_menu(tiny_atlas, "map", monkeypatch, q="cat", layer="2")
    atlas = Atlas.open(tiny_atlas)
    here = [id for id, layer in enumerate(atlas.features["layer"].tolist()) if layer == 2]
    lit = [id for id in here if id in atlas.search.words("cat").tolist()]
    assert 0 < len(lit) < len(here) < len(atlas.features["layer"])
    frame = saved(offered, f"The {len(here)} features drawn", tmp_path)
    pd.testing.assert_frame_equal(frame, features_frame(atlas, here))
    assert saved(offered, f"The {len(lit)} features lit", tmp_path)["id"].tolist() == lit


def test_the_map_s_picture_is_of_what_is_drawn(tiny_atlas, monkeypatch, offered):
    app = with_menu(tiny_atlas, "map", monkeypatch, q="cat", layer="2", colour="class")
    file, made = offered["Whole map, all that is drawn, as SVG"]
    assert file == "planted-map.svg"
    svg = made()
    assert svg.count("h0") == (Atlas.open(tiny_atlas).features["layer"] == 2).sum()
    assert "Class of its neuron" in svg
    assert GREY in svg
    file, page = offered["Whole map, all that is drawn, as HTML"]
    assert file == "planted-map.html"
    assert svg in page()
    drawing = next(each for each in payloads(app) if "furthest" in each)
    assert drawing["file"] == "planted-map.png"


def test_the_picture_of_a_large_map_is_of_the_largest_features(tiny_atlas, monkeypatch, offered):
    monkeypatch.setattr(export_map, "DOTS", 3)
    with_menu(tiny_atlas, "map", monkeypatch)
    assert offered["Whole map, the 3 largest features, as SVG"][1]().count("h0") == 3


def test_where_nothing_is_lit_that_is_what_arrives(tiny_atlas, monkeypatch, offered, tmp_path):
    with_menu(tiny_atlas, "map", monkeypatch, q="nowhere-to-be-found")
    frame = saved(offered, "The 0 features lit", tmp_path)
    assert len(frame) == 0
    assert list(frame.columns) == list(features_frame(Atlas.open(tiny_atlas), [0]).columns)
    svg = offered["Whole map, all that is drawn, as SVG"][1]()
    assert set(re.findall('stroke="(#[0-9a-f]+)"', svg)) == {GREY}


@pytest.mark.parametrize("colour", ["layer", "size", "class"])
def test_dots_have_the_numbers_of_the_screen_s_points(colour, tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    found, made = export_map.numbers(atlas, colour).tolist(), ranking(atlas)
    for id, number in enumerate(found):
        ref = atlas.feature_ref(id)
        size, kind = int(atlas.features["size"][id]), int(made.columns["class"][atlas.neuron_row(ref.of)])
        expected = {"layer": atlas.layers.index(ref.layer), "size": min(size.bit_length() - 1, 6), "class": kind}
        assert number == expected[colour]


def test_so_many_are_exported_and_that_is_said(tiny_atlas, monkeypatch, offered, tmp_path):
    monkeypatch.setattr("pages.components.widgets.export_tables.MOST", 3)
    with_menu(tiny_atlas, "map", monkeypatch)
    assert saved(offered, "The first 3 features drawn", tmp_path)["id"].tolist() == [0, 1, 2]


def test_plotly_figures_become_pages_that_fetch_nothing(tiny_atlas, monkeypatch, offered):
    app = with_menu(tiny_atlas, "overview", monkeypatch)
    file, page = offered["Mean distance by layer, as HTML"]
    made = page()
    assert file == "planted-Mean_distance.html"
    assert "<script src" not in made
    assert "cdn." not in made.split("plotly.js", 1)[0]
    config = [json.loads(each.proto.config) for each in app.get("plotly_chart")]
    assert config
    assert all(each["toImageButtonOptions"]["format"] == "svg" for each in config)


def test_the_citation_can_be_copied(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "about", monkeypatch)
    assert "arXiv:2411.08166" in app.code[0].value
    assert "planted" in app.code[0].value
    assert app.code[1].value.startswith("@article")


@pytest.mark.parametrize("view", [{"cut": "0.3", "feature": "1"}, {"branch": "3"}, {"cut": "0.3", "branch": "3"}])
def test_a_table_of_similar_features_says_whose_they_are(view, tiny_atlas, tmp_path, offered, monkeypatch):
    """They are known of features of the atlas's cut: of another view's, of the one that holds most of its examples."""
    atlas = Atlas.open(tiny_atlas)
    with_menu(tiny_atlas, "neuron", monkeypatch, layer="0", neuron="2", space="pre_mlp", **view)
    title = next(each for each in offered if each.startswith("Features similar to"))
    found = saved(offered, title, tmp_path)
    holder = FeatureRef(*(int(found[f"of_{name}"][0]) for name in ("layer", "neuron", "feature")))
    assert offered[title][0] == f"planted-L0-N2-F{holder.feature}-cut0.5-similar-pre_mlp.parquet"
    assert title.startswith(f"Features similar to feature {holder.feature} of the atlas’s cut, which stands in for ")
    assert set(found["of_cut"]) == {0.5}
    assert set(found["space"]) == {"pre_mlp"}
    pd.testing.assert_frame_equal(found, similar_frame(atlas, holder, "pre_mlp"))


def test_a_search_for_features_like_one_says_which_and_how_like(tiny_atlas, tmp_path, offered, monkeypatch):
    with_menu(tiny_atlas, "search", monkeypatch, like="0.0.0", space="pre_mlp")
    [(title, (file, _))] = offered.items()
    found = saved(offered, title, tmp_path)
    assert file == "planted-search-like-L0-N0-F0-pre_mlp.parquet"
    assert found["cosine"].is_monotonic_decreasing
    assert set(found["of_neuron"]) == {0}


def test_what_no_cut_changes_is_not_named_by_one(tiny_atlas, offered, monkeypatch):
    with_menu(tiny_atlas, "neuron", monkeypatch, layer="0", neuron="2", cut="0.3")
    assert offered["Activation histogram"][0] == "planted-L0-N2-histogram.parquet"
    assert offered["Features of this neuron"][0] == "planted-L0-N2-cut0.3-features.parquet"
