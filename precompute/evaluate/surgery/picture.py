"""Draw the activation lost by features and by their siblings, by space, as one SVG with 95 % intervals over neurons."""

import numpy as np
from jaxtyping import Float

from ne_core.export.svg.elements import element, text
from ne_core.method.embeddings import EMBEDDINGS, REFERENCE
from precompute.evaluate.bootstrap import interval, mean
from precompute.evaluate.surgery.directions import KINDS
from precompute.evaluate.surgery.measure import Measured
from precompute.evaluate.surgery.neurons import CUTS, MAIN, SPACES

WIDTH, LEFT, RIGHT, TOP, ROW, BELOW = 640, 250, 24, 46, 24, 44
INK, QUIET, FAINT, GROUND, FEATURE, SIBLINGS = "#22252a", "#5c6068", "#dedede", "#ffffff", "#2350a8", "#ca5912"
LOWEST, HIGHEST, TICK = -0.1, 1.0, 0.2
CONTROLS = {
    "features shuffled": ("beyond", "shuffled"),
    "any direction": ("beyond", "random"),
    "difference of means": ("literal", "features"),
}


def picture(measured: Measured) -> str:
    """Draw every space, and for the reference the two controls and the literal direction."""
    rows = [(f"{space}: {EMBEDDINGS[space]}", space, ("beyond", "features")) for space in SPACES]
    rows += [(f"{REFERENCE}, {words}", REFERENCE, kind) for words, kind in CONTROLS.items()]
    height = TOP + ROW * len(rows) + BELOW
    rule, k = CUTS[MAIN]
    parts = [
        element("title", f"Share of the activation lost to surgery, by space, at {k} {rule} features"),
        element("rect", width=WIDTH, height=height, fill=GROUND),
        *legend(),
        *axis(len(rows)),
        *(part for index, row in enumerate(rows) for part in drawn_row(measured, TOP + ROW * (index + 0.5), *row)),
    ]
    size = {"width": WIDTH, "height": height, "viewBox": f"0 0 {WIDTH} {height}"}
    return element("svg", *parts, xmlns="http://www.w3.org/2000/svg", role="img", font_family="sans-serif",
                   font_size=12, **size)  # fmt: skip


def across(share: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (float(np.clip(share, LOWEST, HIGHEST)) - LOWEST) / (HIGHEST - LOWEST)


def legend() -> list[str]:
    entries = ((FEATURE, "the feature's held-out examples", LEFT), (SIBLINGS, "its siblings'", LEFT + 210))
    return [
        part for colour, label, x in entries for part in (mark(x + 5, 18, colour), text(label, x + 16, 22, fill=INK))
    ]


def axis(n_rows: int) -> list[str]:
    bottom, parts = TOP + ROW * n_rows, []
    for share in np.arange(0, HIGHEST + TICK / 2, TICK).tolist():
        x = across(share)
        parts.append(element("line", x1=x, x2=x, y1=TOP - 6, y2=bottom, stroke=QUIET if share == 0 else FAINT))
        parts.append(text(f"{share:.1f}", x, bottom + 16, fill=QUIET, text_anchor="middle"))
    middle = (LEFT + WIDTH - RIGHT) / 2
    return [*parts, text("share of the activation lost", middle, bottom + 34, fill=QUIET, text_anchor="middle")]


def drawn_row(measured: Measured, y: float, label: str, space: str, kind: tuple[str, str]) -> list[str]:
    index = SPACES.index(space), MAIN, KINDS.index(kind)
    parts = [text(label, LEFT - 10, y + 4, fill=INK, text_anchor="end")]
    for values, colour in ((measured.siblings, SIBLINGS), (measured.feature, FEATURE)):
        shares = values[(slice(None), *index)]
        parts += dot(shares[np.isfinite(shares)], y, colour)
    return parts


def dot(shares: Float[np.ndarray, " n"], y: float, colour: str) -> list[str]:
    """Mean with its interval; nothing if no neuron has a value."""
    if not len(shares):
        return []
    low, high = interval(shares)
    line = element("line", x1=across(low), x2=across(high), y1=y, y2=y, stroke=colour, stroke_width=2)
    return [line, mark(across(mean(shares)), y, colour)]


def mark(x: int | float, y: int | float, colour: str) -> str:
    """Circle: full for the feature, hollow for its siblings, so that they differ by more than colour."""
    return element(
        "circle", cx=x, cy=y, r=4.5, stroke=colour, stroke_width=2, fill=colour if colour == FEATURE else GROUND
    )
