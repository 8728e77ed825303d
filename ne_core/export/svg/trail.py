"""A trail as one SVG, for papers: a column for each layer, a box for each feature, a curve for each link."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ne_core.export.svg.dendrogram import PAPER, Look
from ne_core.export.svg.elements import element, text, text_width
from ne_core.numbers import fixed

BOX, TALL, BETWEEN = 196, 38, 10  # width and height of a feature's box, and the gap below it
EMPTY, GAP = 60, 46  # width of a layer without features; gap between layers
EDGE, HEAD = 16, 40  # margin of the picture; height of the layers' names
COLUMNS = 28  # letters that fit into a box

Corner = tuple[int | float, int | float]  # x, y


@dataclass(frozen=True)
class Node:
    """Contents of a box; `cosine` is None for the start."""

    layer: int
    ref: str
    name: str
    cosine: float | None
    turns: Sequence[str] = ()


def trail_svg(
    layers: Sequence[int],
    nodes: Sequence[Node],
    links: Sequence[tuple[int, int, float]],
    least: int | float,
    *,
    title: str = "Trail",
    look: Look = PAPER,
    unlike: Sequence[int] = (),
) -> str:
    """Draw a trail. `links` are the positions of two nodes and their cosine, at least `least`; higher ones are darker.

    `unlike` layers cannot be compared with the start's, and are labelled so when they have no nodes.
    """
    lefts, width = columns(layers, nodes)
    most = max(sum(node.layer == layer for node in nodes) for layer in layers)
    height = HEAD + most * (TALL + BETWEEN) + EDGE
    corners = corner_positions(nodes, lefts, height)
    parts = [
        element("title", escape(title)),
        element("rect", width=width, height=height, fill=look.ground),
        *(text(f"Layer {layer}", left, 24, fill=look.quiet, font_weight="bold") for layer, left in lefts.items()),
        *(
            text("not comparable", left, height / 2, fill=look.quiet, font_size=9)
            for layer, left in lefts.items()
            if layer in unlike and not any(node.layer == layer for node in nodes)
        ),
        *(curve(corners[a], corners[b], (cosine - least) / max(1 - least, 1e-9), look) for a, b, cosine in links),
        *(part for node, corner in zip(nodes, corners, strict=True) for part in box(node, *corner, look)),
    ]
    attributes = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "font_family": "sans-serif", "font_size": 11}
    return element("svg", *parts, **attributes, width=width, height=height, viewBox=f"0 0 {width} {height}")


def columns(layers: Sequence[int], nodes: Sequence[Node]) -> tuple[dict[int, int], int]:
    """Return the left edge of each layer, and the total width."""
    occupied, lefts, left = {node.layer for node in nodes}, {}, EDGE
    for layer in layers:
        lefts[layer] = left
        left += (BOX if layer in occupied else EMPTY) + GAP
    return lefts, left - GAP + EDGE


def corner_positions(nodes: Sequence[Node], lefts: dict[int, int], height: int) -> list[Corner]:
    """Return the upper left corner of each box; a layer's boxes are centred vertically."""
    corners, counts = [], dict.fromkeys(lefts, 0)
    for node in nodes:
        layer_height = sum(other.layer == node.layer for other in nodes) * (TALL + BETWEEN)
        top = HEAD + (height - HEAD - EDGE - layer_height) / 2 + counts[node.layer] * (TALL + BETWEEN)
        corners.append((lefts[node.layer], top))
        counts[node.layer] += 1
    return corners


def curve(one: Corner, other: Corner, share: int | float, look: Look) -> str:
    """Draw a curve from the right side of a box to the left side of another."""
    x1, x2, y1, y2 = one[0] + BOX, other[0], one[1] + TALL / 2, other[1] + TALL / 2
    middle = (x1 + x2) / 2
    path = f"M{x1:g} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}"
    return element("path", d=path, fill="none", stroke=look.ink, stroke_width=1.6, opacity=round(0.16 + 0.6 * share, 2))


def box(node: Node, x: int | float, y: int | float, look: Look) -> list[str]:
    """A feature as a box with its name and figures."""
    seed = node.cosine is None
    border = {"stroke": look.ink, "stroke_width": 2} if seed else {"stroke": look.faint}
    facts = ["the start" if seed else fixed(node.cosine), *node.turns]
    return [
        element("rect", x=x, y=y, width=BOX, height=TALL, rx=6, fill=look.ground, **border, **{"class": "node"}),
        text(truncate_text(node.name, COLUMNS), x + 8, y + 16, fill=look.ink),
        text(" · ".join((node.ref, *facts)), x + 8, y + 30, fill=look.quiet, font_size=10),
    ]


def truncate_text(content: str, columns: int) -> str:
    """Shorten a text to `columns`; characters beyond Latin take two columns."""
    if text_width(content) <= columns:
        return content
    while text_width(content) > columns - 1:
        content = content[:-1]
    return f"{content}…"
