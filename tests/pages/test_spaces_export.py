"""Exports of the page Spaces: its figures as files, and the measures of the whole atlas as a table."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.export.comparison_frames import comparison_frame
from ne_core.export.svg.dendrogram import dendrogram_svg
from ne_core.export.svg.plane import plane_svg
from ne_core.method.projection import projection
from ne_core.method.trees.cluster import similarities, tree
from ne_core.method.trees.dendrogram import shared_groups
from ne_core.palette import feature_colour
from pages.components.widgets import export
from tests.support.apptest import open_app, payloads

SVG = "{http://www.w3.org/2000/svg}"
VECTORS = np.random.default_rng(3).normal(size=(23, 4))
QUERY = {"layer": "0", "neuron": "2"}


def test_shared_groups_by_hand():
    """0 and 1 join, then 2 and 3, then all: only the first pair is of one group."""
    linkage = np.array([[0, 1, 0.1, 2], [2, 3, 0.2, 2], [4, 5, 0.9, 4]])
    assert shared_groups(linkage, np.array([1, 1, 0, 1])).tolist() == [1, 1, 0, 1, 1, -1, -1]


def test_dendrogram_coloured_by_other_groups():
    groups = np.arange(23) % 3
    picture = ET.fromstring(dendrogram_svg(tree(similarities(VECTORS)), 2.0, groups=groups))
    leaves = [each for each in picture.iter(f"{SVG}line") if each.get("class") == "leaf"]
    colours = {int(each.get("data-row")): each.get("stroke") for each in leaves}
    assert colours == {row: feature_colour(row % 3).light for row in range(23)}
    branches = [each for each in picture.iter(f"{SVG}path") if each.get("data-feature")]
    inside = shared_groups(tree(similarities(VECTORS)), groups)[23:]
    assert len(branches) == (inside >= 0).sum() < 22


def test_plane_preserves_distances():
    plane, clusters = projection(similarities(VECTORS)), np.arange(23) % 10
    picture = ET.fromstring(plane_svg(plane, clusters, "<b>"))
    points = list(picture.iter(f"{SVG}circle"))
    drawn = np.array([[float(each.get("cx")), -float(each.get("cy"))] for each in points])
    ratio = np.linalg.norm(drawn[1:] - drawn[0], axis=1) / np.linalg.norm(plane.places[1:] - plane.places[0], axis=1)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-3)
    assert [each.get("fill") for each in points] == [feature_colour(i % 10).light for i in range(23)]
    texts = [each.text for each in picture.iter(f"{SVG}text")]
    assert f"component 0 ({plane.shares[0]:.0%} of variance)" in texts
    assert picture.find(f"{SVG}title").text == "<b>"


def test_plane_of_identical_points():
    assert ET.fromstring(plane_svg(projection(np.ones((3, 3))), np.zeros(3, dtype=np.int64), "")) is not None


def test_frame_has_every_measure(tiny_atlas):
    comparison = Atlas.open(tiny_atlas).comparison
    frame = comparison_frame(comparison)
    assert len(frame) == len(comparison)
    assert frame.shape[1] == 2 + 4 * 9
    assert frame["ratio_of_pre_mlp_in_neuron"].tolist() == pytest.approx(comparison.ratio[:, 1, 0].tolist())
    assert {str(kind) for kind in frame.dtypes} == {"int64", "float64"}


@pytest.mark.parametrize(("neuron", "count"), [("2", 5), ("4", 1)])
def test_open_menu_has_table_and_figures(neuron, count, tiny_atlas, monkeypatch):
    offered = {}
    monkeypatch.setattr(export, "download", lambda title, file, mime, make, key: offered.update({title: file}))
    app = open_app(tiny_atlas.parent, "spaces", monkeypatch, **QUERY | {"neuron": neuron})
    app.session_state["_export_spaces"] = True
    app.run()
    assert offered == {"Spaces compared, by neuron": "planted-spaces.csv"}
    pictures = next(each["pictures"] for each in payloads(app) if "pictures" in each)
    assert len(pictures) == count
    assert pictures[-1]["name"] == "planted-spaces-silhouette-of-each"
    for each in pictures:
        ET.fromstring(each["svg"])
    if count > 1:
        assert pictures[0]["title"] == "Dendrogram, Neuron embedding, x ⊙ w"
        assert pictures[0]["name"] == "planted-L0-N2-neuron-dendrogram"
