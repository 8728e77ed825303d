"""Boxes as one SVG on white, for papers and docs: draws the dict of ne_core/export/boxes.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from ne_core.export.svg.elements import element, text, text_width
from ne_core.palette import FEATURES

AREA, LEFT, RIGHT, TOP, BOTTOM = 240.0, 58.0, 14.0, 16.0, 66.0
GROUP, LEAST, LETTER = 34.0, 420.0, 6.4  # width of a box's column; least width of the picture; of a letter at 11 px
INK, QUIET, FAINT, GROUND = "#22252a", "#5c6068", "#dedede", "#ffffff"


@dataclass(frozen=True)
class Frame:
    """Mapping from layers, series and values to positions in the picture."""

    width: float
    n_groups: int
    n_series: int
    low: float
    high: float

    def across(self, group: int, series: int | float) -> float:
        """Return the x of a box; `series` may be a fraction, for the middle of a layer."""
        step = (self.width - LEFT - RIGHT) / max(1, self.n_groups)
        return LEFT + step * (group + (series + 1) / (self.n_series + 1))

    def down(self, value: int | float) -> float:
        """The vertical place of a value."""
        return TOP + AREA * (self.high - value) / ((self.high - self.low) or 1)


def boxes_svg(plot: Mapping) -> str:
    """The boxes of a comparison as SVG."""
    y, series, groups = plot["y"], plot["series"], plot["groups"]
    width = max(LEAST, LEFT + RIGHT + GROUP * len(groups) * len(series))
    frame = Frame(width, len(groups), len(series), y["low"], y["high"])
    box_parts = [
        part
        for i, group in enumerate(groups)
        for plot_box in group["boxes"]
        for part in box_of(plot_box, i, series.index(plot_box["space"]), frame)
    ]
    height = TOP + AREA + BOTTOM
    parts = [
        element("title", escape(plot["label"])),
        element("rect", width=width, height=height, fill=GROUND),
        *y_axis(y, frame),
        *box_parts,
        *x_axis(plot, frame),
        *legend(series, height),
    ]
    size = {"width": width, "height": height, "viewBox": f"0 0 {width:g} {height:g}"}
    attributes = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "font_family": "sans-serif", "font_size": 11}
    return element("svg", *parts, **attributes, **size)


def y_axis(y: Mapping, frame: Frame) -> list[str]:
    """Horizontal lines at the ticks, with their values."""
    drawn = []
    for value, label in y["ticks"]:
        line_y = frame.down(value)
        drawn.append(element("line", x1=LEFT, x2=frame.width - RIGHT, y1=line_y, y2=line_y, stroke=FAINT))
        drawn.append(text(label, LEFT - 6, line_y + 4, fill=QUIET, text_anchor="end"))
    transform = f"translate(14 {TOP + AREA / 2:g}) rotate(-90)"
    return [*drawn, text(y["title"], 0, 0, transform=transform, fill=QUIET, text_anchor="middle")]


def box_of(box: Mapping, group: int, series: int, frame: Frame) -> list[str]:
    """Draw a line from end to end, a box from quartile to quartile, and the median across it."""
    colour, x = FEATURES[series].light, frame.across(group, series)
    half = 0.32 * (frame.across(group, 1) - frame.across(group, 0))
    low, q1, median, q3, high = (frame.down(box[name]) for name in ("low", "q1", "median", "q3", "high"))
    return [
        element("line", x1=x, x2=x, y1=low, y2=high, stroke=colour, stroke_width=1.3),
        element("rect", x=x - half, width=2 * half, y=q3, height=q1 - q3, fill=GROUND, stroke=colour, stroke_width=1.3),
        element(
            "rect", x=x - half, width=2 * half, y=q3, height=q1 - q3, fill=colour, fill_opacity=0.3, **{"class": "box"}
        ),
        element("line", x1=x - half, x2=x + half, y1=median, y2=median, stroke=colour, stroke_width=2.4),
    ]


def x_axis(plot: Mapping, frame: Frame) -> list[str]:
    """Names of the groups, and the title below them."""
    middle, bottom = (frame.n_series - 1) / 2, TOP + AREA
    names = [
        text(group["name"], frame.across(i, middle), bottom + 15, fill=QUIET, text_anchor="middle")
        for i, group in enumerate(plot["groups"])
    ]
    x = (LEFT + frame.width - RIGHT) / 2
    return [*names, text(plot["x"]["title"], x, bottom + 32, fill=QUIET, text_anchor="middle")]


def legend(series: list[str], height: float) -> list[str]:
    """The colour of each series, with its name."""
    drawn, x = [], LEFT
    for i, name in enumerate(series):
        drawn.append(element("rect", x=x, y=height - 19, width=12, height=11, fill=FEATURES[i].light))
        drawn.append(text(name, x + 17, height - 10, fill=INK))
        x += 34 + LETTER * text_width(name)
    return drawn
