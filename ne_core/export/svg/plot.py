"""A small plot as one SVG, for papers: the bars, line, spreads and marks that a page draws, on white.

The plot is a dict of plain values, as pages' small_plot.py makes it: `label` is its title, `x` and `y`
have `low`, `high`, `title` and `ticks` of (value, text); `bars` have `left`, `right`, `y`, and `low`, `high` or None;
`line` has `name` and `points`, or is None; `marks` are (x, text); `title` names the bars; `colour`, or None, is a CSS
colour that every program reads, so not `light-dark`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from ne_core.export.svg.elements import element, text, text_width

WIDTH, AREA = 620.0, 200.0
RIGHT, TOP, TITLE, LEGEND, LETTER = 12.0, 34.0, 24.0, 20.0, 6.4  # LETTER: a column of text at 11 px, generously
INK, QUIET, FAINT, GROUND, BARS = "#22252a", "#5c6068", "#dedede", "#ffffff", "#5f86bd"


@dataclass(frozen=True)
class Frame:
    """Mapping from values to the picture, and the room for texts around it."""

    x: Mapping
    y: Mapping
    left: float
    vertical_labels: bool
    ticks: float  # height of the texts below the axis

    def across(self, value: int | float) -> float:
        """The horizontal place of a value."""
        x = self.x
        return self.left + (WIDTH - self.left - RIGHT) * (value - x["low"]) / ((x["high"] - x["low"]) or 1)

    def down(self, value: int | float) -> float:
        """The vertical place of a value."""
        y = self.y
        return TOP + AREA * (y["high"] - value) / ((y["high"] - y["low"]) or 1)


def plot_svg(plot: Mapping) -> str:
    """A small plot of bars, and a line where there is one, as SVG."""
    frame, colour = make_frame(plot["x"], plot["y"]), plot["colour"] or BARS
    height = TOP + AREA + frame.ticks + TITLE + (LEGEND if plot["line"] else 0)
    parts = [
        element("title", escape(plot["label"])),
        element("rect", width=WIDTH, height=height, fill=GROUND),
        *y_axis(frame),
        *(part for bar in plot["bars"] for part in bar_of(bar, frame, colour)),
        element("line", x1=frame.left, x2=WIDTH - RIGHT, y1=frame.down(0), y2=frame.down(0), stroke=QUIET),
        *x_axis(frame),
        *(line_of(plot["line"]["points"], frame) if plot["line"] else ()),
        *marks_of(plot["marks"], frame),
        *(legend(plot["title"], plot["line"]["name"], frame, height, colour) if plot["line"] else ()),
    ]
    size = {"width": WIDTH, "height": height, "viewBox": f"0 0 {WIDTH:g} {height:g}"}
    attributes = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "font_family": "sans-serif", "font_size": 11}
    return element("svg", *parts, **attributes, **size)


def make_frame(x: Mapping, y: Mapping) -> Frame:
    """Compute the room for tick texts; those below are vertical when they would run into each other."""
    left = 32 + LETTER * max((text_width(label) for _, label in y["ticks"]), default=0)
    longest = LETTER * max((text_width(label) for _, label in x["ticks"]), default=0)
    vertical_labels = longest * len(x["ticks"]) > WIDTH - left - RIGHT
    return Frame(x, y, left, vertical_labels, longest + 10 if vertical_labels else 18.0)


def y_axis(frame: Frame) -> list[str]:
    """Horizontal lines at the ticks, with their values."""
    parts = []
    for value, label in frame.y["ticks"]:
        line_y = frame.down(value)
        parts.append(element("line", x1=frame.left, x2=WIDTH - RIGHT, y1=line_y, y2=line_y, stroke=FAINT))
        parts.append(text(label, frame.left - 6, line_y + 4, fill=QUIET, text_anchor="end"))
    transform = f"translate(14 {TOP + AREA / 2:g}) rotate(-90)"
    return [*parts, text(frame.y["title"], 0, 0, transform=transform, fill=QUIET, text_anchor="middle")]


def x_axis(frame: Frame) -> list[str]:
    """Ticks and title of the horizontal axis."""
    parts, bottom = [], TOP + AREA
    for value, label in frame.x["ticks"]:
        x = frame.across(value)
        if frame.vertical_labels:
            transform = f"translate({x + 4:.6g} {bottom + 6:g}) rotate(-90)"
            parts.append(text(label, 0, 0, transform=transform, fill=QUIET, text_anchor="end"))
        else:
            parts.append(text(label, x, bottom + 14, fill=QUIET, text_anchor="middle"))
    middle = (frame.left + WIDTH - RIGHT) / 2
    return [*parts, text(frame.x["title"], middle, bottom + frame.ticks + 14, fill=QUIET, text_anchor="middle")]


def bar_of(bar: Mapping, frame: Frame, colour: str) -> list[str]:
    """Draw a bar from zero to its value, and the line of its spread."""
    left, right = frame.across(bar["left"]), frame.across(bar["right"])
    top, bottom = frame.down(max(0.0, bar["y"])), frame.down(min(0.0, bar["y"]))
    place = {"x": left + (right - left) * 0.06, "width": max(0.5, (right - left) * 0.88)}
    parts = [element("rect", **place, y=top, height=bottom - top, fill=colour, **{"class": "bar"})]
    if bar["low"] is not None:
        ends = {"y1": frame.down(bar["low"]), "y2": frame.down(bar["high"])}
        middle = (left + right) / 2
        parts.append(element("line", x1=middle, x2=middle, **ends, stroke=INK, **{"class": "spread"}))
    return parts


def line_of(points: Sequence[tuple[float, float]], frame: Frame) -> list[str]:
    """A dashed line with a dot at every point."""
    places = [(frame.across(x), frame.down(y)) for x, y in points]
    path = "L".join(f"{x:.2f} {y:.2f}" for x, y in places)
    dashed = element("path", d=f"M{path}", fill="none", stroke=QUIET, stroke_width=1.4, stroke_dasharray="4 3")
    return [dashed, *(element("circle", cx=x, cy=y, r=2.4, fill=QUIET) for x, y in places)]


def marks_of(marks: Sequence[tuple[float, str]], frame: Frame) -> list[str]:
    """Draw marks with their texts above, on two levels, each on the side with room."""
    parts = []
    for i, (value, label) in enumerate(marks):
        x, y, right_half = frame.across(value), TOP - 6 - 12 * (i % 2), frame.across(value) > WIDTH / 2
        ends = {"x1": x, "x2": x, "y1": y, "y2": TOP + AREA}
        parts.append(element("line", **ends, stroke=INK, stroke_width=1.4, stroke_dasharray="2 2"))
        anchor = "end" if right_half else "start"
        parts.append(
            text(label, x - 4 if right_half else x + 4, y + 4, fill=INK, font_weight="bold", text_anchor=anchor)
        )
    return parts


def legend(bars: str, line: str, frame: Frame, height: float, colour: str) -> list[str]:
    """Legend of bars and line."""
    y, left = height - 8, frame.left
    line_x = left + 26 + LETTER * text_width(bars) + 16
    dashes = {"stroke": QUIET, "stroke_width": 1.4, "stroke_dasharray": "4 3"}
    return [
        element("rect", x=left, y=y - 9, width=18, height=10, fill=colour),
        text(bars, left + 24, y, fill=QUIET),
        element("line", x1=line_x, x2=line_x + 18, y1=y - 4, y2=y - 4, **dashes),
        text(line, line_x + 24, y, fill=QUIET),
    ]
