"""A small figure: bars, another series as a line, and marks. Far lighter than plotly, whose script weighs 5 MB."""

from collections.abc import Sequence
from dataclasses import dataclass

from pages.components.base.assets import component, drawn_key

PLOT = component(
    __file__,
    "small_plot",
    html='<div id="plot" tabindex="0" role="group"></div><p id="key"></p><div id="tip" role="tooltip"></div>'
    '<div id="live" class="hidden" role="status" aria-live="polite"></div>',
)


@dataclass(frozen=True)
class Axis:
    """Ends, title with the unit, and where it has ticks with which texts."""

    low: float
    high: float
    title: str
    ticks: Sequence[tuple[float, str]]


@dataclass(frozen=True)
class Bar:
    """From `left` to `right`, from zero to `y`; its words; and a line from `low` to `high` where given."""

    left: float
    right: float
    y: float
    words: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Series:
    """Points joined by a line, under a name."""

    name: str
    points: Sequence[tuple[float, float]]


def plotted(
    bars: Sequence[Bar],
    x: Axis,
    y: Axis,
    *,
    label: str,
    title: str = "",
    line: Series | None = None,
    marks: Sequence[tuple[float, str]] = (),
    colour: str | None = None,
) -> dict:
    """What is drawn, on a page or by ne_core/export/plot_svg.py: `label` says what it shows, `title` names the bars."""
    return {
        "label": label,
        "title": title,
        "colour": colour,
        "x": vars(x),
        "y": vars(y),
        "bars": [vars(bar) for bar in bars],
        "line": vars(line) if line else None,
        "marks": list(marks),
    }


def small_plot(plot: dict, *, name: str) -> None:
    """Draw what `plotted` made. `name` tells this figure from others on the page."""
    PLOT(data={"key": drawn_key(plot), **plot}, key=name)
