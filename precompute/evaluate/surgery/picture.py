"""What features and their siblings lose, by space, as one SVG: a row each, with 95 % intervals over neurons."""

import numpy as np
from jaxtyping import Float

from ne_core.export.svg import element, text
from ne_core.method.embeddings import EMBEDDINGS, REFERENCE
from precompute.evaluate.resampled import interval, mean
from precompute.evaluate.surgery.directions import KINDS
from precompute.evaluate.surgery.measured import Measured
from precompute.evaluate.surgery.neurons import CUTS, MAIN, SPACES

WIDTH, LEFT, RIGHT, TOP, ROW, BELOW = 640, 250, 24, 46, 24, 44
INK, QUIET, FAINT, GROUND, OWN, SIBLINGS = "#22252a", "#5c6068", "#dedede", "#ffffff", "#2350a8", "#ca5912"
LOWEST, HIGHEST, TICK = -0.1, 1.0, 0.2
CONTROLS = {
    "features shuffled": ("beyond", "shuffled"),
    "any direction": ("beyond", "random"),
    "difference of means": ("literal", "features"),
}


def picture(found: Measured) -> str:
    """Every space, and of the reference the two controls and the literal direction."""
    rows = [(f"{space}: {EMBEDDINGS[space]}", space, ("beyond", "features")) for space in SPACES]
    rows += [(f"{REFERENCE}, {words}", REFERENCE, kind) for words, kind in CONTROLS.items()]
    height = TOP + ROW * len(rows) + BELOW
    rule, k = CUTS[MAIN]
    parts = [
        element("title", f"Share of the activation lost to surgery, by space, at {k} {rule} features"),
        element("rect", width=WIDTH, height=height, fill=GROUND),
        *legend(),
        *axis(len(rows)),
        *(part for at, row in enumerate(rows) for part in drawn(found, TOP + ROW * (at + 0.5), *row)),
    ]
    size = {"width": WIDTH, "height": height, "viewBox": f"0 0 {WIDTH} {height}"}
    return element("svg", *parts, xmlns="http://www.w3.org/2000/svg", role="img", font_family="sans-serif",
                   font_size=12, **size)  # fmt: skip


def across(share: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (float(np.clip(share, LOWEST, HIGHEST)) - LOWEST) / (HIGHEST - LOWEST)


def legend() -> list[str]:
    said = ((OWN, "the feature's held-out examples", LEFT), (SIBLINGS, "its siblings'", LEFT + 210))
    return [part for colour, words, x in said for part in (mark(x + 5, 18, colour), text(words, x + 16, 22, fill=INK))]


def axis(n_rows: int) -> list[str]:
    bottom, parts = TOP + ROW * n_rows, []
    for share in np.arange(0, HIGHEST + TICK / 2, TICK).tolist():
        x = across(share)
        parts.append(element("line", x1=x, x2=x, y1=TOP - 6, y2=bottom, stroke=QUIET if share == 0 else FAINT))
        parts.append(text(f"{share:.1f}", x, bottom + 16, fill=QUIET, text_anchor="middle"))
    middle = (LEFT + WIDTH - RIGHT) / 2
    return [*parts, text("share of the activation lost", middle, bottom + 34, fill=QUIET, text_anchor="middle")]


def drawn(found: Measured, y: float, words: str, space: str, kind: tuple[str, str]) -> list[str]:
    at = SPACES.index(space), MAIN, KINDS.index(kind)
    parts = [text(words, LEFT - 10, y + 4, fill=INK, text_anchor="end")]
    for values, colour in ((found.siblings, SIBLINGS), (found.own, OWN)):
        shares = values[(slice(None), *at)]
        parts += dot(shares[np.isfinite(shares)], y, colour)
    return parts


def dot(shares: Float[np.ndarray, " n"], y: float, colour: str) -> list[str]:
    """Nothing where no neuron has a value."""
    if not len(shares):
        return []
    low, high = interval(shares)
    line = element("line", x1=across(low), x2=across(high), y1=y, y2=y, stroke=colour, stroke_width=2)
    return [line, mark(across(mean(shares)), y, colour)]


def mark(x: int | float, y: int | float, colour: str) -> str:
    """Full for what the feature loses, hollow for its siblings: colour is not all that tells them apart."""
    return element("circle", cx=x, cy=y, r=4.5, stroke=colour, stroke_width=2, fill=colour if colour == OWN else GROUND)
