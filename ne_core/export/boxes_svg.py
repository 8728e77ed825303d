"""Boxes as one SVG, for papers and docs: what ne_core/export/boxes.py made, on white."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from ne_core.export.svg import element, text, wide
from ne_core.palette import FEATURES

AREA, LEFT, RIGHT, TOP, BOTTOM = 240.0, 58.0, 14.0, 16.0, 66.0
GROUP, LEAST, LETTER = 34.0, 420.0, 6.4  # a box's share of a layer's width; of the picture; of a letter at 11 px
INK, QUIET, FAINT, GROUND = "#22252a", "#5c6068", "#dedede", "#ffffff"


@dataclass(frozen=True)
class Frame:
    """Where a layer's boxes and values are in the picture."""

    width: float
    n_groups: int
    n_series: int
    low: float
    high: float

    def across(self, group: int, series: int | float) -> float:
        """The middle of a box; of a layer where `series` is the middle of all."""
        step = (self.width - LEFT - RIGHT) / max(1, self.n_groups)
        return LEFT + step * (group + (series + 1) / (self.n_series + 1))

    def down(self, value: int | float) -> float:
        return TOP + AREA * (self.high - value) / ((self.high - self.low) or 1)


def boxes_svg(plot: Mapping) -> str:
    y, series, groups = plot["y"], plot["series"], plot["groups"]
    width = max(LEAST, LEFT + RIGHT + GROUP * len(groups) * len(series))
    frame = Frame(width, len(groups), len(series), y["low"], y["high"])
    drawn = [
        part
        for at, group in enumerate(groups)
        for each in group["boxes"]
        for part in box_of(each, at, series.index(each["space"]), frame)
    ]
    height = TOP + AREA + BOTTOM
    parts = [
        element("title", escape(plot["label"])),
        element("rect", width=width, height=height, fill=GROUND),
        *levels(y, frame),
        *drawn,
        *below(plot, frame),
        *legend(series, height),
    ]
    size = {"width": width, "height": height, "viewBox": f"0 0 {width:g} {height:g}"}
    said = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "font_family": "sans-serif", "font_size": 11}
    return element("svg", *parts, **said, **size)


def levels(y: Mapping, frame: Frame) -> list[str]:
    drawn = []
    for value, said in y["ticks"]:
        at = frame.down(value)
        drawn.append(element("line", x1=LEFT, x2=frame.width - RIGHT, y1=at, y2=at, stroke=FAINT))
        drawn.append(text(said, LEFT - 6, at + 4, fill=QUIET, text_anchor="end"))
    turned = f"translate(14 {TOP + AREA / 2:g}) rotate(-90)"
    return [*drawn, text(y["title"], 0, 0, transform=turned, fill=QUIET, text_anchor="middle")]


def box_of(box: Mapping, group: int, series: int, frame: Frame) -> list[str]:
    """A line from end to end, a box from quartile to quartile, the median across it."""
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


def below(plot: Mapping, frame: Frame) -> list[str]:
    middle, floor = (frame.n_series - 1) / 2, TOP + AREA
    names = [
        text(group["name"], frame.across(at, middle), floor + 15, fill=QUIET, text_anchor="middle")
        for at, group in enumerate(plot["groups"])
    ]
    x = (LEFT + frame.width - RIGHT) / 2
    return [*names, text(plot["x"]["title"], x, floor + 32, fill=QUIET, text_anchor="middle")]


def legend(series: list[str], height: float) -> list[str]:
    drawn, x = [], LEFT
    for i, name in enumerate(series):
        drawn.append(element("rect", x=x, y=height - 19, width=12, height=11, fill=FEATURES[i].light))
        drawn.append(text(name, x + 17, height - 10, fill=INK))
        x += 34 + LETTER * wide(name)
    return drawn
