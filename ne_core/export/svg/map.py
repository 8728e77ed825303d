"""The map of features as one SVG, for papers: a dot for each feature, and a legend of the colours."""

from collections.abc import Sequence
from html import escape

import numpy as np
from jaxtyping import Bool, Float32, Int

from ne_core.export.svg.dendrogram import PAPER, Look
from ne_core.export.svg.elements import element, text, text_width

SIDE, EDGE, ROW, LETTER = 800, 12, 18, 6.6  # units: the map, its margin, a row of the legend, a letter
GREY = "#a4a7ad"
PARTS = 8  # of each colour, drawn in turn, so that no colour covers all others


def map_svg(
    positions: Float32[np.ndarray, "n 2"],
    number: Int[np.ndarray, " n"],
    names: Sequence[str],
    colours: Sequence[str],
    *,
    lit: Bool[np.ndarray, " n"] | None = None,
    legend: str = "",
    title: str = "Map of features",
    look: Look = PAPER,
) -> str:
    """Draw the map. `positions` are 0 to 1 from the left and from the bottom; `number` indexes `names` and `colours`.

    With `lit`, the other dots are grey and drawn first. A name may be empty.
    """
    drawn = np.arange(len(positions)) if lit is None else np.flatnonzero(lit)
    size = dot_size(len(positions))
    background = [] if lit is None else [dots(positions[~lit], GREY, size, 0.6)]
    rows, legend_height = draw_legend(names, colours, legend, look)
    attributes = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "font_family": "sans-serif", "font_size": 12}
    return element(
        "svg",
        element("title", escape(title)),
        element("rect", width=SIDE, height=SIDE + legend_height, fill=look.ground),
        *background,
        *coloured_dots(positions[drawn], number[drawn], colours, size + (0 if lit is None else 2)),
        *rows,
        **attributes,
        width=SIDE,
        height=SIDE + legend_height,
        viewBox=f"0 0 {SIDE} {SIDE + legend_height}",
    )


def dot_size(n: int) -> float:
    """Diameter of a dot: the more dots, the smaller."""
    return float(np.clip(300 / np.sqrt(max(n, 1)), 1, 8))


def coloured_dots(
    positions: Float32[np.ndarray, "k 2"], number: Int[np.ndarray, " k"], colours: Sequence[str], size: float
) -> list[str]:
    """The points of each colour as paths, drawn in parts so that no colour covers the others."""
    parts = [
        dots(positions[part::PARTS][number[part::PARTS] == i], colour, size, 0.8)
        for part in range(PARTS)
        for i, colour in enumerate(colours)
    ]
    return [part for part in parts if part]


def dots(positions: Float32[np.ndarray, "k 2"], colour: str, size: float, opacity: float) -> str:
    """Draw dots as one path of zero-length strokes with round ends."""
    if not len(positions):
        return ""
    x, y = np.rint(10 * (EDGE + (SIDE - 2 * EDGE) * np.column_stack([positions[:, 0], 1 - positions[:, 1]]))).T / 10
    path = "".join([f"M{left:g} {top:g}h0" for left, top in zip(x.tolist(), y.tolist(), strict=True)])
    attributes = {"stroke_width": round(size, 2), "stroke_linecap": "round", "opacity": opacity}
    return element("path", d=path, fill="none", stroke=colour, **attributes)


def draw_legend(names: Sequence[str], colours: Sequence[str], legend: str, look: Look) -> tuple[list[str], int]:
    """Return the legend, in as many rows as it needs, and its height."""
    parts = [text(legend, EDGE, SIDE + ROW, fill=look.ink, font_weight="bold")]
    x, y = EDGE + LETTER * (text_width(legend) + 3), SIDE + ROW
    for name, colour in zip(names, colours, strict=True):
        width = 16 + LETTER * (text_width(name) + 1)
        if x + width > SIDE - EDGE:
            x, y = EDGE, y + ROW
        if name:
            parts += [
                element("circle", cx=x + 5, cy=y - 4, r=5, fill=colour),
                text(name, x + 15, y, fill=look.quiet),
            ]
            x += width
    return parts, y - SIDE + EDGE
