"""The map of features as one SVG, for papers: a dot for each feature, and what its colours stand for."""

from collections.abc import Sequence
from html import escape

import numpy as np
from jaxtyping import Bool, Float32, Int

from ne_core.export.dendrogram_svg import PAPER, Look
from ne_core.export.svg import element, text, wide

SIDE, EDGE, ROW, LETTER = 800, 12, 18, 6.6  # units: the map, around it, a row of the legend, a letter
GREY = "#a4a7ad"
PARTS = 8  # of each colour, drawn in turn, so that no colour lies over all others


def map_svg(
    at: Float32[np.ndarray, "n 2"],
    number: Int[np.ndarray, " n"],
    names: Sequence[str],
    colours: Sequence[str],
    *,
    lit: Bool[np.ndarray, " n"] | None = None,
    legend: str = "",
    title: str = "Map of features",
    look: Look = PAPER,
) -> str:
    """`at` is 0 to 1 from the left and from below, `number` a place in `names` and `colours`; a name may be empty.

    With `lit` the others are grey, and lie below.
    """
    shown = np.arange(len(at)) if lit is None else np.flatnonzero(lit)
    across = dot(len(at))
    others = [] if lit is None else [dots(at[~lit], GREY, across, 0.6)]
    rows, deep = keys(names, colours, legend, look)
    said = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "font_family": "sans-serif", "font_size": 12}
    return element(
        "svg",
        element("title", escape(title)),
        element("rect", width=SIDE, height=SIDE + deep, fill=look.ground),
        *others,
        *coloured(at[shown], number[shown], colours, across + (0 if lit is None else 2)),
        *rows,
        **said,
        width=SIDE,
        height=SIDE + deep,
        viewBox=f"0 0 {SIDE} {SIDE + deep}",
    )


def dot(n: int) -> float:
    """How large dots are: the more there are, the smaller."""
    return float(np.clip(300 / np.sqrt(max(n, 1)), 1, 8))


def coloured(
    at: Float32[np.ndarray, "k 2"], number: Int[np.ndarray, " k"], colours: Sequence[str], across: float
) -> list[str]:
    parts = [
        dots(at[part::PARTS][number[part::PARTS] == i], colour, across, 0.8)
        for part in range(PARTS)
        for i, colour in enumerate(colours)
    ]
    return [part for part in parts if part]


def dots(at: Float32[np.ndarray, "k 2"], colour: str, across: float, opacity: float) -> str:
    """One path of strokes without length, whose round ends are the dots."""
    if not len(at):
        return ""
    x, y = np.rint(10 * (EDGE + (SIDE - 2 * EDGE) * np.column_stack([at[:, 0], 1 - at[:, 1]]))).T / 10
    path = "".join([f"M{left:g} {top:g}h0" for left, top in zip(x.tolist(), y.tolist(), strict=True)])
    told = {"stroke_width": round(across, 2), "stroke_linecap": "round", "opacity": opacity}
    return element("path", d=path, fill="none", stroke=colour, **told)


def keys(names: Sequence[str], colours: Sequence[str], legend: str, look: Look) -> tuple[list[str], int]:
    """The legend, in as many rows as it needs, and how high it is."""
    drawn = [text(legend, EDGE, SIDE + ROW, fill=look.ink, font_weight="bold")]
    x, y = EDGE + LETTER * (wide(legend) + 3), SIDE + ROW
    for name, colour in zip(names, colours, strict=True):
        room = 16 + LETTER * (wide(name) + 1)
        if x + room > SIDE - EDGE:
            x, y = EDGE, y + ROW
        if name:
            drawn += [
                element("circle", cx=x + 5, cy=y - 4, r=5, fill=colour),
                text(name, x + 15, y, fill=look.quiet),
            ]
            x += room
    return drawn, y - SIDE + EDGE
