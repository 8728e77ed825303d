"""The dendrogram as a picture: leaves, colours, heights and numbers against the tree and its cut; hostile snippets."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.export.dendrogram_svg import PAPER, dendrogram_svg
from ne_core.export.window_text import snippets
from ne_core.method.cluster import cut, similarities, tree
from ne_core.palette import feature_colour
from ne_core.refs import NeuronRef
from tests.support.planted import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"
SOME = tree(similarities(np.random.default_rng(1).normal(size=(23, 3))))


def parsed(*given, **told) -> ET.Element:
    return ET.fromstring(dendrogram_svg(*given, **told))


def leaves(picture: ET.Element) -> list[ET.Element]:
    return [each for each in picture.iter(f"{SVG}line") if each.get("class") == "leaf"]


def scale(picture: ET.Element):
    """A place along the axis as a distance, read off its ticks."""
    ticks = [each for each in picture.iter(f"{SVG}text") if re.fullmatch(r"[0-9.]+", each.text or "")]
    ticks = [
        (float(each.get("x")), float(each.get("y")), float(each.text)) for each in ticks if not each.get("font-weight")
    ]
    x, y, value = np.array(ticks).T
    along = x if np.ptp(x) > 1 else y
    slope, at_zero = np.polyfit(along, value, 1)
    return ("x" if along is x else "y"), lambda place: slope * place + at_zero


@pytest.mark.parametrize("at", [0.0, 0.2, 0.5, 0.9, 2.0])
def test_every_leaf_has_the_colour_of_its_feature(at):
    found = leaves(parsed(SOME, at))
    assert sorted(int(each.get("data-row")) for each in found) == list(range(23))
    features = cut(SOME, at)
    for each in found:
        feature = int(features[int(each.get("data-row"))])
        assert int(each.get("data-feature")) == feature
        assert each.get("stroke") == feature_colour(feature).light


@pytest.mark.parametrize("text", [None, [("a ", "key", " b")] * 23])
def test_branches_stand_at_their_heights(text):
    picture = parsed(SOME, 0.5, snippets=text)
    side, distance = scale(picture)
    paths = list(picture.iter(f"{SVG}path"))
    for path, row in zip(paths, SOME, strict=True):
        corners = [[float(number) for number in pair.split()] for pair in path.get("d")[1:].split("L")]
        place = corners[1]["xy".index(side)]
        label = 0 if side == "x" else 4  # a label stands a little below its line
        assert distance(place + label) == pytest.approx(float(row[2]), abs=0.01)
        inside = row[2] <= 0.5
        assert (path.get("data-feature") is not None) == inside
        assert (path.get("stroke") == PAPER.quiet) != inside


def test_it_says_what_it_is():
    said = "".join(parsed(SOME, 0.5, title="L3 N17 <&>").itertext())
    for word in ("cosine distance", "cut 0.5", "L3 N17 <&>"):
        assert word in said


def test_every_large_feature_has_its_number():
    for text in (None, [("", "key", "")] * 23):
        bold = {each.text for each in parsed(SOME, 0.5, snippets=text).iter(f"{SVG}text") if each.get("font-weight")}
        sizes = np.bincount(cut(SOME, 0.5))
        assert bold >= {str(feature) for feature in np.flatnonzero(sizes >= 3)}


def test_hostile_snippets_are_text(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    neuron = atlas.neuron(NeuronRef(2, 3))
    made = dendrogram_svg(neuron.tree, 0.5, snippets=snippets(atlas, neuron))
    picture = ET.fromstring(made)
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
    assert not [token for token in HOSTILE if token in "\x00\x07\x1b\u202e" and token and token in made]


def test_no_picture_of_one_example():
    with pytest.raises(ValueError, match="one example"):
        dendrogram_svg(np.zeros((0, 4), dtype=np.float32), 0.5)


def test_nothing_is_fetched_by_a_picture():
    made = dendrogram_svg(SOME, 0.5)
    assert not re.search(r"href|url\(|@import|<style", made)
    assert set(re.findall(r'https?://[^"]*', made)) == {"http://www.w3.org/2000/svg"}
