"""The map as a picture: a dot for each feature at its place and in its colour, and a legend that has room."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from ne_core.export.map_svg import EDGE, GREY, SIDE, dot, map_svg

SVG = "{http://www.w3.org/2000/svg}"
AT = np.array([[0, 0], [1, 1], [0.25, 0.5], [0.25, 0.5], [0.5, 0.123]], dtype=np.float32)
NUMBER = np.array([0, 2, 1, 2, 0])
NAMES, COLOURS = ["one", "<two>", ""], ["#111111", "#222222", "#333333"]


def parsed(**more) -> ET.Element:
    return ET.fromstring(map_svg(AT, NUMBER, NAMES, COLOURS, legend="Layer", **more))


def dots(picture: ET.Element) -> list[tuple[str, float, float]]:
    """The colour of each and its place, back in shares of the map, from below."""
    found = []
    for path in picture.iter(f"{SVG}path"):
        for x, y in re.findall(r"M([0-9.]+) ([0-9.]+)h0", path.get("d")):
            share = [(float(each) - EDGE) / (SIDE - 2 * EDGE) for each in (x, y)]
            found.append((path.get("stroke"), share[0], 1 - share[1]))
    return sorted(found)


def test_every_feature_is_a_dot_of_its_colour_at_its_place():
    expected = sorted((COLOURS[i], *map(float, at)) for i, at in zip(NUMBER.tolist(), AT, strict=True))
    for one, other in zip(dots(parsed()), expected, strict=True):
        assert one[0] == other[0]
        assert one[1:] == pytest.approx(other[1:], abs=0.1 / (SIDE - 2 * EDGE))


def test_what_is_not_lit_is_grey_and_below():
    lit = np.array([False, True, False, False, True])
    picture = parsed(lit=lit)
    assert [colour for colour, *_ in dots(picture)] == ["#111111", "#333333", GREY, GREY, GREY]
    paths = list(picture.iter(f"{SVG}path"))
    assert paths[0].get("stroke") == GREY
    assert float(paths[1].get("stroke-width")) > float(paths[0].get("stroke-width"))


def test_the_legend_names_what_has_a_name():
    picture = parsed(title="A <map>")
    assert picture.find(f"{SVG}title").text == "A <map>"
    assert [each.text for each in picture.iter(f"{SVG}text")] == ["Layer", "one", "<two>"]
    assert [each.get("fill") for each in picture.iter(f"{SVG}circle")] == COLOURS[:2]


def test_a_long_legend_goes_on_in_further_rows():
    names = [f"layer {i}" for i in range(40)]
    made = map_svg(AT, NUMBER, names, ["#111111"] * 40, legend="Layer")
    picture = ET.fromstring(made)
    keys = [(float(each.get("x")), float(each.get("y"))) for each in picture.iter(f"{SVG}text")]
    assert len({y for _, y in keys}) > 2
    assert len(set(keys)) == 41
    assert all(x < SIDE - 40 and SIDE < y < float(picture.get("height")) for x, y in keys)


def test_many_dots_are_small_and_short():
    assert dot(4) == 8 > dot(10_000) > dot(80_000) >= 1
    at = np.random.default_rng(0).random((2000, 2), dtype=np.float32)
    made = map_svg(at, np.zeros(2000, dtype=np.int64), NAMES, COLOURS)
    assert made.count("h0") == 2000
    assert len(made) < 2000 * 15 + 3000


def test_nothing_is_fetched_by_a_picture():
    made = map_svg(AT, NUMBER, NAMES, COLOURS)
    assert not re.search(r"href|url\(|@import|<style", made)
    assert set(re.findall(r'https?://[^"]*', made)) == {"http://www.w3.org/2000/svg"}


def test_a_map_of_nothing_is_its_legend():
    made = map_svg(AT[:0], NUMBER[:0], NAMES, COLOURS, lit=np.zeros(0, dtype=bool))
    assert ET.fromstring(made).find(f"{SVG}path") is None
    assert ">one<" in made
