"""Tests of the dendrogram as SVG: leaves, colours, heights and numbers against the tree; hostile snippets."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.export.svg.dendrogram import PAPER, dendrogram_svg
from ne_core.export.window_text import snippets
from ne_core.method.trees.cluster import cut, similarities, tree
from ne_core.palette import feature_colour
from ne_core.refs import NeuronRef
from tests.support.planted import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"
SOME = tree(similarities(np.random.default_rng(1).normal(size=(23, 3))))


def parsed(*args, **options) -> ET.Element:
    return ET.fromstring(dendrogram_svg(*args, **options))


def leaves(picture: ET.Element) -> list[ET.Element]:
    return [each for each in picture.iter(f"{SVG}line") if each.get("class") == "leaf"]


def scale(picture: ET.Element):
    """Return the axis, x or y, and a function from a position along it to a distance, fitted to the tick labels."""
    ticks = [each for each in picture.iter(f"{SVG}text") if re.fullmatch(r"[0-9.]+", each.text or "")]
    ticks = [
        (float(each.get("x")), float(each.get("y")), float(each.text)) for each in ticks if not each.get("font-weight")
    ]
    x, y, value = np.array(ticks).T
    along = x if np.ptp(x) > 1 else y
    slope, intercept = np.polyfit(along, value, 1)
    return ("x" if along is x else "y"), lambda position: slope * position + intercept


@pytest.mark.parametrize("distance", [0.0, 0.2, 0.5, 0.9, 2.0])
def test_leaves_have_the_colour_of_their_feature(distance):
    lines = leaves(parsed(SOME, distance))
    assert sorted(int(line.get("data-row")) for line in lines) == list(range(23))
    features = cut(SOME, distance)
    for line in lines:
        feature = int(features[int(line.get("data-row"))])
        assert int(line.get("data-feature")) == feature
        assert line.get("stroke") == feature_colour(feature).light


@pytest.mark.parametrize("text", [None, [("a ", "key", " b")] * 23])
def test_branch_heights_match_the_tree(text):
    picture = parsed(SOME, 0.5, snippets=text)
    side, distance = scale(picture)
    paths = list(picture.iter(f"{SVG}path"))
    for path, row in zip(paths, SOME, strict=True):
        corners = [[float(number) for number in pair.split()] for pair in path.get("d")[1:].split("L")]
        position = corners[1]["xy".index(side)]
        label = 0 if side == "x" else 4  # tick labels are 4 px below their line
        assert distance(position + label) == pytest.approx(float(row[2]), abs=0.01)
        inside = row[2] <= 0.5
        assert (path.get("data-feature") is not None) == inside
        assert (path.get("stroke") == PAPER.quiet) != inside


def test_axis_cut_and_title_are_labelled():
    texts = "".join(parsed(SOME, 0.5, title="L3 N17 <&>").itertext())
    for word in ("cosine distance", "cut 0.5", "L3 N17 <&>"):
        assert word in texts


def test_large_features_are_numbered():
    for text in (None, [("", "key", "")] * 23):
        bold = {each.text for each in parsed(SOME, 0.5, snippets=text).iter(f"{SVG}text") if each.get("font-weight")}
        sizes = np.bincount(cut(SOME, 0.5))
        assert bold >= {str(feature) for feature in np.flatnonzero(sizes >= 3)}


def test_hostile_snippets_are_text(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    neuron = atlas.neuron(NeuronRef(2, 3))
    svg = dendrogram_svg(neuron.tree, 0.5, snippets=snippets(atlas, neuron))
    picture = ET.fromstring(svg)
    assert {each.tag.removeprefix(SVG) for each in picture.iter()} <= {
        "svg",
        "title",
        "rect",
        "line",
        "path",
        "text",
        "tspan",
    }
    keys = [each.text for each in picture.iter(f"{SVG}tspan")]
    assert len(keys) == len(neuron)
    assert "[U+" not in keys
    assert not [token for token in HOSTILE if token in "\x00\x07\x1b\u202e" and token and token in svg]


def test_one_example_raises():
    with pytest.raises(ValueError, match="one example"):
        dendrogram_svg(np.zeros((0, 4), dtype=np.float32), 0.5)


def test_svg_fetches_nothing():
    svg = dendrogram_svg(SOME, 0.5)
    assert not re.search(r"href|url\(|@import|<style", svg)
    assert set(re.findall(r'https?://[^"]*', svg)) == {"http://www.w3.org/2000/svg"}
