"""Draw features by number of examples as one SVG: a panel for each layer, a line for the neurons and each baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.export.svg.elements import element, text
from precompute.evaluate.bootstrap import interval

WIDE, TALL, LEFT, TOP, BETWEEN, BELOW = 210.0, 180.0, 44.0, 28.0, 26.0, 64.0
INK, QUIET, FAINT = "#22252a", "#5c6068", "#dedede"
COLOURS = {"neurons": "#1f5fc4", "random directions": "#8a8f98", "weights shuffled": "#c98a3c"}


@dataclass(frozen=True)
class Curve:
    """Features of the same units at each number of examples."""

    ns: tuple[int, ...]
    features: Float[np.ndarray, "n_units n_counts"]


def trust_svg(panels: Sequence[tuple[str, Mapping[str, Curve]]]) -> str:
    """Draw all panels with the same axes, the numbers of examples on a logarithmic scale."""
    every = [curve for _, curves in panels for curve in curves.values()]
    ns = sorted({n for curve in every for n in curve.ns})
    top = max((float(np.nanmax(curve.features.mean(axis=0))) for curve in every if len(curve.features)), default=1.0)
    step = next(each for each in (1, 2, 5, 10, 20, 50, 100) if top / each <= 6 or each == 100)
    top = step * np.ceil(1.1 * top / step)
    drawn = [panel(i, *each, ns, top, step) for i, each in enumerate(panels)]
    width, height = LEFT + max(1, len(panels)) * (WIDE + BETWEEN), TOP + TALL + BELOW
    return element(
        "svg",
        element("title", "Features by number of examples: neurons, random directions, weights shuffled"),
        element("rect", width=width, height=height, fill="#ffffff"),
        *(part for parts in drawn for part in parts),
        text("features", 12, TOP - 12, fill=QUIET),
        *legend(height),
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        font_family="sans-serif",
        font_size=11,
        width=width,
        height=height,
        viewBox=f"0 0 {width:g} {height:g}",
    )


def panel(index: int, title: str, curves: Mapping[str, Curve], ns: Sequence[int], top: float, step: int) -> list[str]:
    left = LEFT + index * (WIDE + BETWEEN)
    ends = np.log(ns[0]), np.log(ns[-1]) if len(ns) > 1 else np.log(ns[0]) + 1

    def across(n: int) -> float:
        return float(left + WIDE * (np.log(n) - ends[0]) / (ends[1] - ends[0]))

    def down(value: float) -> float:
        return float(TOP + TALL * (1 - value / top))

    levels = np.arange(0, top + step / 2, step).tolist()
    parts = [element("line", x1=left, x2=left + WIDE, y1=down(y), y2=down(y), stroke=FAINT) for y in levels]
    parts += [text(f"{y:g}", left - 6, down(y) + 4, text_anchor="end", fill=QUIET) for y in levels]
    parts += [text(f"{n}", across(n), TOP + TALL + 16, text_anchor="middle", fill=QUIET) for n in ns]
    parts += [text(title, left + WIDE / 2, TOP - 12, text_anchor="middle", fill=INK, font_weight="bold")]
    parts += [text("examples", left + WIDE / 2, TOP + TALL + 32, text_anchor="middle", fill=QUIET)]
    for name, curve in curves.items():
        if len(curve.features):
            parts += line(
                COLOURS[name], [(across(n), v) for n, v in zip(curve.ns, curve.features.T, strict=True)], down
            )
    return parts


def line(colour: str, points: Sequence[tuple[float, Float[np.ndarray, " n_units"]]], down) -> list[str]:
    """Line through the means, each with its interval over units."""
    path = " ".join(f"{x:.1f},{down(float(values.mean())):.1f}" for x, values in points)
    parts = [element("polyline", points=path, fill="none", stroke=colour, stroke_width=2)]
    for x, values in points:
        low, high = interval(values)
        parts.append(element("line", x1=x, x2=x, y1=down(low), y2=down(high), stroke=colour, stroke_width=1.5))
        parts.append(element("circle", cx=x, cy=down(float(values.mean())), r=3, fill=colour))
    return parts


def legend(height: float) -> list[str]:
    parts, x = [], LEFT
    for name, colour in COLOURS.items():
        parts += [
            element("line", x1=x, x2=x + 18, y1=height - 14, y2=height - 14, stroke=colour, stroke_width=3),
            text(name, x + 24, height - 10, fill=INK),
        ]
        x += 36 + 6.2 * len(name)
    return parts
