"""A neuron's dendrogram as one SVG, for papers and static pages: the tree, colours, numbers and cut of the screen.

Without snippets the tree is upright, leaves at the bottom; with a snippet for each leaf it is horizontal, leaves at the
right, where text has room.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from jaxtyping import Float, Int

from ne_core.export.svg.elements import element, text, text_width
from ne_core.export.window_text import Snippet
from ne_core.method.trees.cluster import cut as cut_tree
from ne_core.method.trees.dendrogram import Dendrogram, dendrogram, node_features, shared_groups
from ne_core.palette import feature_colour

WIDTH, HEIGHT = 720.0, 300.0
ROW, TREE, LETTER = 14.0, 300.0, 6.05  # horizontal tree: a leaf's height, the tree's width, a letter's width at 10 px
LEFT, RIGHT, TOP, BOTTOM = 52, 56, 14, 44
ROOM = 1.06  # top of the axis, as a multiple of the highest branch point
GAPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)


@dataclass(frozen=True)
class Look:
    """Colours; each may be any CSS colour."""

    ink: str
    quiet: str
    faint: str
    ground: str
    colour: Callable[[int], str]


PAPER = Look("#22252a", "#5c6068", "#dedede", "#ffffff", lambda feature: feature_colour(feature).light)


@dataclass(frozen=True)
class Picture:
    """Mapping from (leaf position, cosine distance) to the picture."""

    n: int
    top: float
    width: float
    height: float
    horizontal: bool
    key: float = 0.0  # x at which key tokens begin

    def position(self, leaf: int | float, distance: int | float) -> tuple[float, float]:
        """The place of a leaf's position and a distance."""
        up = 1 - distance / self.top
        if self.horizontal:
            return LEFT / 2 + TREE * up, TOP + (leaf + 0.5) * ROW
        step = (self.width - LEFT - RIGHT) / self.n
        return LEFT + (leaf + 0.5) * step, TOP + (self.height - TOP - BOTTOM) * up


def dendrogram_svg(
    tree: Float[np.ndarray, "m 4"],
    cut: float,
    *,
    title: str = "Dendrogram",
    snippets: Sequence[Snippet] | None = None,
    look: Look = PAPER,
    groups: Int[np.ndarray, " n"] | None = None,
) -> str:
    """Draw a tree of two examples or more. `snippets` has one entry for each example, unescaped.

    Colours are of the features at the cut, or of `groups`: a branch is coloured if all examples below it are of one
    group. Raises ValueError for a tree without branch points.
    """
    if not len(tree):
        raise ValueError("one example: there is no tree to draw")
    layout, features = dendrogram(tree), cut_tree(tree, cut) if groups is None else groups
    picture = make_picture(tree, cut, snippets)
    nodes = node_features(tree, features, cut) if groups is None else shared_groups(tree, groups)
    parts = [
        element("title", escape(title)),
        element("rect", width=picture.width, height=picture.height, fill=look.ground),
        *axis(picture, look),
        *branches(layout, nodes, picture, look),
        *leaves(layout, features, picture, look),
        *numbers(features[layout.order], picture, look),
        *cut_line(cut, picture, look),
    ]
    if snippets is not None:
        rows = enumerate(layout.order.tolist())
        parts += [snippet(snippets[row], i, look.colour(int(features[row])), picture, look) for i, row in rows]
    box = f"0 0 {picture.width:g} {picture.height:g}"
    size = {"width": picture.width, "height": picture.height, "viewBox": box}
    attributes = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "font_family": "sans-serif", "font_size": 11}
    return element("svg", *parts, **attributes, **size)


def make_picture(tree: Float[np.ndarray, "m 4"], cut: int | float, snippets: Sequence[Snippet] | None) -> Picture:
    """A picture large enough for the tree, and for the texts where there are some."""
    n, highest = len(tree) + 1, max(float(tree[:, 2].max()), cut if cut < 2 else 0)
    top = float(min(2, np.ceil(max(highest, 0.01) * ROOM * 100) / 100))
    if snippets is None:
        return Picture(n, top, WIDTH, HEIGHT, horizontal=False)
    before, rest = (
        LETTER * max(map(text_width, texts)) for texts in zip(*((a, b + c) for a, b, c in snippets), strict=True)
    )
    key = LEFT / 2 + TREE + 34 + before
    return Picture(n, top, float(np.ceil(key + rest + ROW)), TOP + ROW * n + BOTTOM, horizontal=True, key=key)


def axis(picture: Picture, look: Look) -> list[str]:
    """Lines and numbers of the distance axis, with its title."""
    gap = next((gap for gap in GAPS if picture.top / gap <= 6), GAPS[-1])
    parts = []
    for tick in np.arange(0, picture.top + 1e-9, gap).tolist():
        parts.append(line_across(tick, picture, stroke=look.faint))
        parts.append(text(f"{tick:.4g}", *label_place(tick, picture), fill=look.quiet, **anchored(picture)))
    return [*parts, axis_title(picture, look)]


def line_across(distance: int | float, picture: Picture, **attributes: object) -> str:
    """Draw a line over all leaves at one distance."""
    (x1, y1), (x2, y2) = picture.position(-0.5, distance), picture.position(picture.n - 0.5, distance)
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **attributes)


def label_place(distance: int | float, picture: Picture) -> tuple[float, float]:
    """Position of the number of a distance."""
    x, y = picture.position(picture.n - 0.5 if picture.horizontal else -0.5, distance)
    return (x, y + 16) if picture.horizontal else (x - 6, y + 4)


def anchored(picture: Picture) -> dict[str, str]:
    """Alignment of the axis labels."""
    return {"text_anchor": "middle" if picture.horizontal else "end"}


def axis_title(picture: Picture, look: Look) -> str:
    """The title of the distance axis."""
    x, y = picture.position(picture.n - 0.5 if picture.horizontal else -0.5, picture.top / 2)
    attributes = {"fill": look.quiet, "text_anchor": "middle"}
    if picture.horizontal:
        return text("cosine distance", x, y + 34, **attributes)
    return text("cosine distance", 0.0, 0.0, transform=f"translate(14 {y:g}) rotate(-90)", **attributes)


def branches(layout: Dendrogram, nodes: Int[np.ndarray, " nodes"], picture: Picture, look: Look) -> list[str]:
    """Draw three sides of a box for each branch point, in its feature's colour below the cut."""
    n, parts = picture.n, []
    for k, (left, right) in enumerate(layout.children.tolist()):
        height, feature = float(layout.height[n + k]), int(nodes[n + k])
        corners = [
            (left, float(layout.height[left])),
            (left, height),
            (right, height),
            (right, float(layout.height[right])),
        ]
        path = "L".join(f"{x:.2f} {y:.2f}" for x, y in (picture.position(layout.x[node], h) for node, h in corners))
        inside = feature >= 0
        attributes = {"stroke": look.colour(feature) if inside else look.quiet, "stroke_width": 1.6 if inside else 1.1}
        parts.append(element("path", d=f"M{path}", fill="none", **attributes, data_feature=feature if inside else None))
    return parts


def leaves(layout: Dendrogram, features: Int[np.ndarray, " n"], picture: Picture, look: Look) -> list[str]:
    """A short line for each example, in the colour of its feature."""
    parts = []
    for i, row in enumerate(layout.order.tolist()):
        x, y = picture.position(i, 0)
        end = {"x2": x + 6, "y2": y} if picture.horizontal else {"x2": x, "y2": y + 6}
        feature = int(features[row])
        attributes = {"class": "leaf", "data-row": row, "data-feature": feature}
        parts.append(element("line", x1=x, y1=y, **end, stroke=look.colour(feature), stroke_width=2.5, **attributes))
    return parts


def numbers(features: Int[np.ndarray, " n"], picture: Picture, look: Look) -> list[str]:
    """Draw the feature number of every run of leaves; an upright tree has a second row for those that do not fit."""
    starts = np.flatnonzero(np.diff(features, prepend=-1))
    ends, occupied, parts = np.append(starts[1:], picture.n) - 1, [-np.inf, -np.inf], []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        feature = int(features[start])
        x, y = picture.position((start + end) / 2, 0)
        attributes = {"fill": look.colour(feature), "font_weight": "bold"}
        half = 4 + 3.5 * len(str(feature))
        row = next((row for row, end_x in enumerate(occupied) if x - half >= end_x), None)
        if picture.horizontal:
            parts.append(text(str(feature), x + 26, y + 4, text_anchor="end", **attributes))
        elif row is not None:
            occupied[row] = x + half
            parts.append(text(str(feature), x, y + 19 + 13 * row, text_anchor="middle", **attributes))
    return parts


def cut_line(cut: int | float, picture: Picture, look: Look) -> list[str]:
    """Draw the dashed line of the cut; a cut above the picture joins everything and has no line."""
    if cut > picture.top:
        return []
    x, y = picture.position(-0.5 if picture.horizontal else picture.n - 0.5, cut)
    place = (x, y - 3, "middle") if picture.horizontal else (x + 5, y + 4, "start")
    line = line_across(cut, picture, stroke=look.ink, stroke_width=1.2, stroke_dasharray="5 3", **{"class": "cut"})
    return [line, text(f"cut {cut:g}", *place[:2], fill=look.ink, text_anchor=place[2])]


def snippet(texts: Snippet, leaf: int, colour: str, picture: Picture, look: Look) -> str:
    """Draw one leaf's snippet; key tokens are aligned in a column."""
    before, key, after = texts
    _, y = picture.position(leaf, 0)
    attributes = {"y": y + 3.5, "fill": look.ink, "font_family": "monospace", "font_size": 10, "xml:space": "preserve"}
    bold = element("tspan", escape(key), font_weight="bold", fill=colour)
    first = element("text", escape(before), x=picture.key, text_anchor="end", **attributes) if before else ""
    return first + element("text", bold, escape(after), x=picture.key, **attributes)
