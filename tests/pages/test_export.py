"""The Export menus: files are made only when downloaded, and contain what the view shows."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from ne_core.atlas import Atlas
from ne_core.export.detail_frames import distance_frame, effects_frame
from ne_core.export.frames import cut_frame, examples_frame, features_frame, layers_frame, neurons_frame, similar_frame
from ne_core.export.provenance import provenance
from ne_core.export.static_page import static_page
from ne_core.export.svg.map import GREY
from ne_core.export.table_files import read_table
from ne_core.queries.by_distance import distances
from ne_core.queries.ranking import ranking
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.cached.vocabulary import tokens_named
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
    """Downloads of an open menu by the label of their button: the file's name, and the function that makes it."""
    downloads: dict = {}

    def record(title, file, mime, make, key):
        downloads[title] = (file, make)

    monkeypatch.setattr(export, "download", record)
    return downloads


def with_menu(atlas, page: str, monkeypatch, **query: str):
    """Open the page with its menu open and the tables in Parquet, which has the provenance."""
    app = open_app(atlas.parent, page, monkeypatch, **query)
    app.session_state[f"_export_{page}"] = True
    app.session_state[f"_format_{page}"] = "parquet"
    return app.run()


def saved(offered, title: str, tmp_path) -> pd.DataFrame:
    file, make = offered[title]
    path = tmp_path / file
    path.write_bytes(make())
    return read_table(path)


@pytest.mark.parametrize("page", MENUS)
def test_closed_menu_makes_no_files(page, tiny_atlas, monkeypatch, offered):
    monkeypatch.setattr(export, "table_bytes", lambda *args: pytest.fail("a table was made"))
    app = open_app(tiny_atlas.parent, page, monkeypatch, **MENUS[page])
    assert len(app.get("popover")) == 1
    assert not offered
    assert not [each for each in payloads(app) if "pictures" in each]


def test_tables_of_a_neuron_match_its_view(tiny_atlas, monkeypatch, offered, tmp_path):
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


def test_tables_at_another_cut(tiny_atlas, monkeypatch, offered, tmp_path):
    with_menu(tiny_atlas, "neuron", monkeypatch, layer="2", neuron="3", cut="2")
    assert len(saved(offered, "Examples of feature 0", tmp_path)) == 9
    assert offered["Features of this neuron"][0] == "planted-L2-N3-cut2-features.parquet"
    assert saved(offered, "Features of this neuron", tmp_path)["size"].tolist() == [9]


def test_table_of_a_branch(tiny_atlas, monkeypatch, offered, tmp_path):
    with_menu(tiny_atlas, "neuron", monkeypatch, layer="2", neuron="3", branch="0")
    assert len(saved(offered, "Examples of branch point 0", tmp_path)) == 2
    assert offered["Examples of branch point 0"][0] == "planted-L2-N3-B0-examples.parquet"


def test_table_of_filtered_examples(tiny_atlas, monkeypatch, offered, tmp_path):
    with_menu(tiny_atlas, "neuron", monkeypatch, layer="0", neuron="0", least="90")
    file = offered["Examples of feature 0 that pass the filters"][0]
    assert file == "planted-L0-N0-F0-examples-filtered.parquet"
    frame = saved(offered, "Examples of feature 0 that pass the filters", tmp_path)
    assert 0 < len(frame) < 14
    assert (frame["activation"] >= 0.9 * 4 - 0.01).all()


def test_open_menu_has_the_dendrograms(tiny_atlas, monkeypatch):
    app = with_menu(tiny_atlas, "neuron", monkeypatch, layer="2", neuron="3")
    pictures = next(each["pictures"] for each in payloads(app) if "pictures" in each)
    assert [each["name"] for each in pictures[:2]] == ["planted-L2-N3-dendrogram", "planted-L2-N3-dendrogram-text"]
    for each in pictures[:2]:
        assert each["svg"].count('class="leaf"') == 9
        assert each["svg"] in each["html"]
        assert "default-src 'none'" in each["html"]


def other_figures(app) -> list[str]:
    """Names of the figures in the menu other than dendrograms."""
    pictures = next(each["pictures"] for each in payloads(app) if "pictures" in each)
    return [each["name"] for each in pictures if "dendrogram" not in each["name"]]


def test_figures_and_tables_of_details_match_the_page(tiny_atlas, monkeypatch, offered, tmp_path):
    app = with_menu(tiny_atlas, "neuron", monkeypatch, layer="0", neuron="0", feature="1", baseline="mean-embedding")
    names = ["cuts", "F1-by-distance-mean-embedding", "F1-why", "logits", "histogram", "F1-activations"]
    assert other_figures(app) == [f"planted-L0-N0-{name}" for name in names]
    plots = {each["label"]: each for each in payloads(app) if "bars" in each}
    pictures = next(each["pictures"] for each in payloads(app) if "pictures" in each)
    for each in pictures[2:]:
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
    contributions = atlas.contributions(NeuronRef(0, 0))
    assert list(zip(frame["part"], frame["layer"], frame["head"], strict=True)) == [
        ("token", -1, -1), ("position", -1, -1), ("head", 0, 0), ("head", 0, 1), ("biases", -1, -1),
    ]  # fmt: skip
    np.testing.assert_allclose(frame["mean"], contributions.parts[rows].astype(float).mean(axis=0))
    np.testing.assert_allclose(frame["mean"].sum(), atlas.neuron(NeuronRef(0, 0)).activation[rows].mean(), rtol=1e-2)
    frame = saved(offered, "Effect on the logits", tmp_path)
    pd.testing.assert_frame_equal(frame, effects_frame(atlas, NeuronRef(0, 0)), check_names=False)


def test_atlas_without_logit_effects(tiny_atlas, monkeypatch, offered):
    monkeypatch.setattr(Atlas, "logit_effects", lambda atlas, ref: None)
    app = with_menu(tiny_atlas, "neuron", monkeypatch, layer="0", neuron="0")
    names = ("cuts", "F0-by-distance", "F0-why", "histogram", "F0-activations")
    assert other_figures(app) == [f"planted-L0-N0-{name}" for name in names]
    assert "Effect on the logits" not in offered
    assert "Importance by distance, feature 0" in offered


def test_neuron_of_one_example_has_no_dendrogram(tiny_atlas, monkeypatch, offered):
    app = with_menu(tiny_atlas, "neuron", monkeypatch, layer="0", neuron="3")
    pictures = next(each["pictures"] for each in payloads(app) if "pictures" in each)
    assert other_figures(app) == [each["name"] for each in pictures]
    assert "Examples of feature 0" in offered


def test_ranking_exports_every_row_of_its_view(tiny_atlas, monkeypatch, offered, tmp_path):
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


def test_search_exports_every_result_in_order(tiny_atlas, monkeypatch, offered, tmp_path):
    monkeypatch.setattr("pages.components.matching.find.PAGE", 2)
    app = with_menu(tiny_atlas, "search", monkeypatch, q="cat")
    (title,) = [title for title in offered if "found" in title]
    frame = saved(offered, title, tmp_path)
    atlas = Atlas.open(tiny_atlas)
    ids = atlas.search.words("cat").tolist()
    assert len(ids) > 2
    pd.testing.assert_frame_equal(frame, features_frame(atlas, ids))
    assert not app.error


def test_trail_exports_its_features_and_links(tiny_atlas, monkeypatch, offered, tmp_path):
    app = with_menu(tiny_atlas, "across_layers", monkeypatch, **TRAIL)
    atlas, graph = Atlas.open(tiny_atlas), next(each for each in payloads(app) if "nodes" in each)
    frame = saved(offered, "Features of this trail", tmp_path)
    assert [f"L{n.layer} N{n.neuron} F{n.feature}" for n in frame.itertuples()] == [n["ref"] for n in graph["nodes"]]
    assert frame["cosine"][0] == pytest.approx(1, abs=0.01)
    assert frame["links_before"].tolist() == [0, 0, 2, 2]
    assert frame["links_after"].tolist() == [2, 2, 0, 0]
    expected = features_frame(atlas, frame["id"].tolist())
    pd.testing.assert_frame_equal(frame[expected.columns], expected)
    links = saved(offered, "Links of this trail", tmp_path)
    ids = frame["id"].tolist()
    drawn = [(ids[a], ids[b], cosine) for a, b, cosine in graph["links"]]
    assert list(zip(links["from_id"], links["to_id"], links["cosine"].round(3), strict=True)) == drawn
    assert links[["to_layer", "to_neuron", "to_feature"]].to_numpy().tolist() == [[2, 3, 2], [2, 0, 0]] * 2
    assert offered["Links of this trail"][0] == "planted-L0-N0-F0-trail-pre_mlp-least0.9-links.parquet"


def test_figure_of_a_trail(tiny_atlas, monkeypatch):
    app = with_menu(tiny_atlas, "across_layers", monkeypatch, **TRAIL)
    (figure,) = next(each["pictures"] for each in payloads(app) if "pictures" in each)
    assert figure["name"] == "planted-L0-N0-F0-trail-pre_mlp-least0.9"
    assert (figure["svg"].count('class="node"'), figure["svg"].count("<path")) == (4, 4)


def test_trail_of_one_feature_has_no_figure(tiny_atlas, monkeypatch, offered, tmp_path):
    app = with_menu(tiny_atlas, "across_layers", monkeypatch, **TRAIL | {"feature": "1", "least": "1"})
    assert not [each for each in payloads(app) if "pictures" in each]
    assert len(saved(offered, "Features of this trail", tmp_path)) == 1
    assert saved(offered, "Links of this trail", tmp_path).empty


def test_side_by_side_exports_both_features(tiny_atlas, monkeypatch, offered, tmp_path):
    with_menu(tiny_atlas, "side_by_side", monkeypatch, **PAIR)
    atlas, refs = Atlas.open(tiny_atlas), (FeatureRef(2, 3, 1), FeatureRef(0, 0, 0))
    ids = [atlas.feature_id(ref) for ref in refs]
    pd.testing.assert_frame_equal(saved(offered, "Both features", tmp_path), features_frame(atlas, ids))
    examples = pd.concat([examples_frame(atlas, ref) for ref in refs], ignore_index=True)
    pd.testing.assert_frame_equal(saved(offered, "Examples of both", tmp_path), examples)
    assert offered["Examples of both"][0] == "planted-side-by-side-2.3.1-0.0.0-examples.parquet"


def test_one_feature_side_by_side_has_no_menu(tiny_atlas, monkeypatch):
    assert not open_app(tiny_atlas.parent, "side_by_side", monkeypatch, a="2.3.1").get("popover")


def test_map_exports_drawn_and_highlighted_features(tiny_atlas, monkeypatch, offered, tmp_path):
    with_menu(tiny_atlas, "map", monkeypatch, q="cat", layer="2")
    atlas = Atlas.open(tiny_atlas)
    drawn = [id for id, layer in enumerate(atlas.features["layer"].tolist()) if layer == 2]
    lit = [id for id in drawn if id in atlas.search.key_token(tokens_named(atlas, "cat")).tolist()]
    assert 0 < len(lit) < len(drawn) < len(atlas.features["layer"])
    frame = saved(offered, f"The {len(drawn)} features drawn", tmp_path)
    pd.testing.assert_frame_equal(frame, features_frame(atlas, drawn))
    assert saved(offered, f"The {len(lit)} features highlighted", tmp_path)["id"].tolist() == lit


def test_figure_of_the_map_has_the_drawn_features(tiny_atlas, monkeypatch, offered):
    app = with_menu(tiny_atlas, "map", monkeypatch, q="cat", layer="2", colour="class")
    file, make = offered["Whole map, all features drawn, as SVG"]
    assert file == "planted-map.svg"
    svg = make()
    assert svg.count("h0") == (Atlas.open(tiny_atlas).features["layer"] == 2).sum()
    assert "Class of its neuron" in svg
    assert GREY in svg
    file, page = offered["Whole map, all features drawn, as HTML"]
    assert file == "planted-map.html"
    assert svg in page()
    drawing = next(each for each in payloads(app) if "furthest" in each)
    assert drawing["file"] == "planted-map.png"


def test_figure_of_a_large_map_has_the_largest_features(tiny_atlas, monkeypatch, offered):
    monkeypatch.setattr(export_map, "DOTS", 3)
    with_menu(tiny_atlas, "map", monkeypatch)
    assert offered["Whole map, the 3 largest features, as SVG"][1]().count("h0") == 3


def test_export_of_no_highlighted_features_is_empty(tiny_atlas, monkeypatch, offered, tmp_path):
    with_menu(tiny_atlas, "map", monkeypatch, q="nowhere-to-be-found")
    frame = saved(offered, "The 0 features highlighted", tmp_path)
    assert len(frame) == 0
    assert list(frame.columns) == list(features_frame(Atlas.open(tiny_atlas), [0]).columns)
    svg = offered["Whole map, all features drawn, as SVG"][1]()
    assert set(re.findall('stroke="(#[0-9a-f]+)"', svg)) == {GREY}


@pytest.mark.parametrize("colour", ["layer", "size", "class"])
def test_dots_of_the_figure_have_the_colours_of_the_points(colour, tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    numbers, ranked = export_map.numbers(atlas, colour).tolist(), ranking(atlas)
    for id, number in enumerate(numbers):
        ref = atlas.feature_ref(id)
        size, kind = int(atlas.features["size"][id]), int(ranked.columns["class"][atlas.neuron_row(ref.of)])
        expected = {"layer": atlas.layers.index(ref.layer), "size": min(size.bit_length() - 1, 6), "class": kind}
        assert number == expected[colour]


def test_title_of_a_truncated_export_has_the_number_of_features(tiny_atlas, monkeypatch, offered, tmp_path):
    monkeypatch.setattr("pages.components.widgets.export_tables.MOST", 3)
    with_menu(tiny_atlas, "map", monkeypatch)
    assert saved(offered, "The first 3 features drawn", tmp_path)["id"].tolist() == [0, 1, 2]


def test_plotly_figures_are_exported_as_offline_pages(tiny_atlas, monkeypatch, offered):
    app = with_menu(tiny_atlas, "overview", monkeypatch)
    file, page = offered["Mean distance by layer, as HTML"]
    html = page()
    assert file == "planted-Mean_distance.html"
    assert "<script src" not in html
    assert "cdn." not in html.split("plotly.js", 1)[0]
    config = [json.loads(each.proto.config) for each in app.get("plotly_chart")]
    assert config
    assert all(each["toImageButtonOptions"]["format"] == "svg" for each in config)


def test_about_page_has_citations_to_copy(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "about", monkeypatch)
    assert "arXiv:2411.08166" in app.code[0].value
    assert "planted" in app.code[0].value
    assert app.code[1].value.startswith("@article")


@pytest.mark.parametrize("view", [{"cut": "0.3", "feature": "1"}, {"branch": "3"}, {"cut": "0.3", "branch": "3"}])
def test_table_of_similar_features_names_the_stored_feature(view, tiny_atlas, tmp_path, offered, monkeypatch):
    """Similar features are stored for the atlas's cut: other views export those of the feature with most examples."""
    atlas = Atlas.open(tiny_atlas)
    with_menu(tiny_atlas, "neuron", monkeypatch, layer="0", neuron="2", space="pre_mlp", **view)
    title = next(each for each in offered if each.startswith("Features similar to"))
    frame = saved(offered, title, tmp_path)
    holder = FeatureRef(*(int(frame[f"of_{name}"][0]) for name in ("layer", "neuron", "feature")))
    assert offered[title][0] == f"planted-L0-N2-F{holder.feature}-cut0.5-similar-pre_mlp.parquet"
    assert title.startswith(f"Features similar to feature {holder.feature} of the atlas’s cut, used instead of ")
    assert set(frame["of_cut"]) == {0.5}
    assert set(frame["space"]) == {"pre_mlp"}
    pd.testing.assert_frame_equal(frame, similar_frame(atlas, holder, "pre_mlp"))


def test_export_of_similar_features_has_the_feature_and_cosines(tiny_atlas, tmp_path, offered, monkeypatch):
    with_menu(tiny_atlas, "search", monkeypatch, like="0.0.0", space="pre_mlp")
    [(title, (file, _))] = offered.items()
    frame = saved(offered, title, tmp_path)
    assert file == "planted-search-like-L0-N0-F0-pre_mlp.parquet"
    assert frame["cosine"].is_monotonic_decreasing
    assert set(frame["of_neuron"]) == {0}


def test_file_names_have_the_cut_only_if_it_matters(tiny_atlas, offered, monkeypatch):
    with_menu(tiny_atlas, "neuron", monkeypatch, layer="0", neuron="2", cut="0.3")
    assert offered["Activation histogram"][0] == "planted-L0-N2-histogram.parquet"
    assert offered["Features of this neuron"][0] == "planted-L0-N2-cut0.3-features.parquet"
