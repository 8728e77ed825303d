"""Tests of the trail as SVG: boxes in the columns of their layers, curves from box to box, hostile names."""

import re
import xml.etree.ElementTree as ET

import pytest

from ne_core.export.svg.elements import text_width
from ne_core.export.svg.trail import BOX, COLUMNS, TALL, Node, trail_svg, truncate_text

SVG = "{http://www.w3.org/2000/svg}"
NODES = [
    Node(1, "L1 N4 F0", "“cat”", None),
    Node(2, "L2 N0 F1", "“<script>alert(1)</script>”", 0.91, ("splits",)),
    Node(2, "L2 N7 F0", "“dog”", 0.8),
    Node(4, "L4 N1 F2", "“&amp;” \" ' 猫猫猫猫猫猫猫猫猫猫猫猫猫猫猫", -0.05, ("splits", "merges")),
]
LINKS = [(0, 1, 0.9), (0, 2, 0.6), (1, 3, 0.75), (2, 3, 1.0)]


def parsed() -> ET.Element:
    return ET.fromstring(trail_svg(range(6), NODES, LINKS, 0.5, title="Trail <&>"))


def corners(picture: ET.Element) -> list[tuple[float, float]]:
    boxes = [each for each in picture.iter(f"{SVG}rect") if each.get("class") == "node"]
    return [(float(each.get("x")), float(each.get("y"))) for each in boxes]


def test_boxes_are_in_columns_and_do_not_overlap():
    picture = parsed()
    texts = list(picture.iter(f"{SVG}text"))
    heads = {each.text: float(each.get("x")) for each in texts if each.get("font-weight")}
    assert list(heads) == [f"Layer {layer}" for layer in range(6)]
    assert sorted(heads.values()) == list(heads.values())
    positions = corners(picture)
    assert [x for x, _ in positions] == [heads[f"Layer {node.layer}"] for node in NODES]
    assert positions[2][1] - positions[1][1] > TALL
    assert positions[0][1] == (positions[1][1] + positions[2][1]) / 2
    width, height = (float(picture.get(side)) for side in ("width", "height"))
    assert all(0 < x < width - BOX and 0 < y < height - TALL for x, y in positions)


def test_curves_join_linked_boxes_darker_for_higher_cosines():
    picture = parsed()
    positions, paths = corners(picture), list(picture.iter(f"{SVG}path"))
    for path, (a, b, _) in zip(paths, LINKS, strict=True):
        numbers = [float(each) for each in re.findall(r"[0-9.]+", path.get("d"))]
        assert numbers[:2] == [positions[a][0] + BOX, positions[a][1] + TALL / 2]
        assert numbers[-2:] == [positions[b][0], positions[b][1] + TALL / 2]
    shades = [float(path.get("opacity")) for path in paths]
    by_cosine = sorted(range(4), key=lambda i: LINKS[i][2])
    assert shades == pytest.approx([0.16 + 0.6 * (cosine - 0.5) / 0.5 for *_, cosine in LINKS], abs=0.01)
    assert sorted(range(4), key=shades.__getitem__) == by_cosine


def test_boxes_have_name_number_and_cosine():
    picture = parsed()
    texts = [each.text for each in picture.iter(f"{SVG}text")]
    assert picture.find(f"{SVG}title").text == "Trail <&>"
    for words in ("“cat”", "L1 N4 F0 · the start", "L2 N0 F1 · 0.91 · splits", "L4 N1 F2 · −0.05 · splits · merges"):
        assert words in texts
    assert "“<script>alert(1)</script>”" in texts
    assert {each.tag.removeprefix(SVG) for each in picture.iter()} == {"svg", "title", "rect", "text", "path"}


def test_long_names_are_truncated():
    assert truncate_text("a" * COLUMNS, COLUMNS) == "a" * COLUMNS
    assert truncate_text("a" * (COLUMNS + 1), COLUMNS) == "a" * (COLUMNS - 1) + "…"
    assert text_width(truncate_text(NODES[3].name, COLUMNS)) <= COLUMNS


def test_svg_fetches_nothing():
    svg = trail_svg(range(6), NODES, LINKS, 0.5)
    assert not re.search(r"href|url\(|@import|<style", svg)
    assert set(re.findall(r'https?://[^"]*', svg)) == {"http://www.w3.org/2000/svg"}
