"""A small figure: bars, a second series as a line, and marks. It avoids plotly, whose script has 5 MB."""

from collections.abc import Sequence
from dataclasses import dataclass

from pages.components.base.assets import component, drawn_key

PLOT = component(
    __file__,
    "small_plot",
    html='<div id="plot" tabindex="0" role="group"></div><p id="key"></p><div id="tip" role="tooltip"></div>'
    '<div id="live" class="hidden" role="status" aria-live="polite"></div>',
)
HEIGHT = 210  # pixels


@dataclass(frozen=True)
class Axis:
    """Ends, title with the unit, and ticks as (position, text)."""

    low: float
    high: float
    title: str
    ticks: Sequence[tuple[float, str]]


@dataclass(frozen=True)
class Bar:
    """A bar from `left` to `right` and from zero to `y`, and its description.

    Optional: a line from `low` to `high`, and the address that a click on the bar opens.
    """

    left: float
    right: float
    y: float
    words: str
    low: float | None = None
    high: float | None = None
    href: str | None = None


@dataclass(frozen=True)
class Series:
    """A named series of points joined by a line."""

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
    """Describe a figure for a page or for ne_core/export/svg/plot.py. `label` describes it, `title` names the bars."""
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


def small_plot(plot: dict, *, name: str, height: int = HEIGHT) -> None:
    """Draw a figure described by `plotted`, `height` pixels high. `name` is unique on the page."""
    PLOT(data={"key": drawn_key(plot), "height": height, **plot}, key=name)
