"""Tests of the map as SVG: a dot for each feature at its position and in its colour, and a legend that fits."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from ne_core.export.svg.map import EDGE, GREY, SIDE, dot_size, map_svg

SVG = "{http://www.w3.org/2000/svg}"
POSITIONS = np.array([[0, 0], [1, 1], [0.25, 0.5], [0.25, 0.5], [0.5, 0.123]], dtype=np.float32)
NUMBER = np.array([0, 2, 1, 2, 0])
NAMES, COLOURS = ["one", "<two>", ""], ["#111111", "#222222", "#333333"]


def parsed(**options) -> ET.Element:
    return ET.fromstring(map_svg(POSITIONS, NUMBER, NAMES, COLOURS, legend="Layer", **options))


def dots(picture: ET.Element) -> list[tuple[str, float, float]]:
    """Return the colour and position of each dot, as shares of the map from the left and the bottom."""
    points = []
    for path in picture.iter(f"{SVG}path"):
        for x, y in re.findall(r"M([0-9.]+) ([0-9.]+)h0", path.get("d")):
            share = [(float(each) - EDGE) / (SIDE - 2 * EDGE) for each in (x, y)]
            points.append((path.get("stroke"), share[0], 1 - share[1]))
    return sorted(points)


def test_dots_have_their_colour_and_position():
    expected = sorted(
        (COLOURS[i], *map(float, position)) for i, position in zip(NUMBER.tolist(), POSITIONS, strict=True)
    )
    for actual, wanted in zip(dots(parsed()), expected, strict=True):
        assert actual[0] == wanted[0]
        assert actual[1:] == pytest.approx(wanted[1:], abs=0.1 / (SIDE - 2 * EDGE))


def test_unlit_dots_are_grey_and_first():
    lit = np.array([False, True, False, False, True])
    picture = parsed(lit=lit)
    assert [colour for colour, *_ in dots(picture)] == ["#111111", "#333333", GREY, GREY, GREY]
    paths = list(picture.iter(f"{SVG}path"))
    assert paths[0].get("stroke") == GREY
    assert float(paths[1].get("stroke-width")) > float(paths[0].get("stroke-width"))


def test_legend_lists_named_entries():
    picture = parsed(title="A <map>")
    assert picture.find(f"{SVG}title").text == "A <map>"
    assert [each.text for each in picture.iter(f"{SVG}text")] == ["Layer", "one", "<two>"]
    assert [each.get("fill") for each in picture.iter(f"{SVG}circle")] == COLOURS[:2]


def test_long_legend_wraps():
    names = [f"layer {i}" for i in range(40)]
    svg = map_svg(POSITIONS, NUMBER, names, ["#111111"] * 40, legend="Layer")
    picture = ET.fromstring(svg)
    keys = [(float(each.get("x")), float(each.get("y"))) for each in picture.iter(f"{SVG}text")]
    assert len({y for _, y in keys}) > 2
    assert len(set(keys)) == 41
    assert all(x < SIDE - 40 and SIDE < y < float(picture.get("height")) for x, y in keys)


def test_many_dots_are_small():
    assert dot_size(4) == 8 > dot_size(10_000) > dot_size(80_000) >= 1
    positions = np.random.default_rng(0).random((2000, 2), dtype=np.float32)
    svg = map_svg(positions, np.zeros(2000, dtype=np.int64), NAMES, COLOURS)
    assert svg.count("h0") == 2000
    assert len(svg) < 2000 * 15 + 3000


def test_svg_fetches_nothing():
    svg = map_svg(POSITIONS, NUMBER, NAMES, COLOURS)
    assert not re.search(r"href|url\(|@import|<style", svg)
    assert set(re.findall(r'https?://[^"]*', svg)) == {"http://www.w3.org/2000/svg"}


def test_empty_map_has_its_legend():
    svg = map_svg(POSITIONS[:0], NUMBER[:0], NAMES, COLOURS, lit=np.zeros(0, dtype=bool))
    assert ET.fromstring(svg).find(f"{SVG}path") is None
    assert ">one<" in svg
