"""Examples on a plane as one SVG, for papers: a point each in the colour of its cluster, and cluster numbers."""

from dataclasses import dataclass
from html import escape

import numpy as np
from jaxtyping import Float, Int

from ne_core.export.axes import ticks_within
from ne_core.export.svg.elements import element, text
from ne_core.method.projection import Projection
from ne_core.palette import FEATURES, feature_colour

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480.0, 360.0, 56.0, 14.0, 14.0, 44.0
FULL = 0.92  # share of the frame that the points fill in one direction
QUIET, FAINT, GROUND = "#5c6068", "#dedede", "#ffffff"


@dataclass(frozen=True)
class Frame:
    """Mapping from the plane to the picture, with one scale for both directions."""

    middle: tuple[float, float]
    scale: float

    def position(self, x: float, y: float) -> tuple[float, float]:
        """The place of a point in the picture."""
        across, down = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
        return across + self.scale * (x - self.middle[0]), down - self.scale * (y - self.middle[1])


def plane_svg(plane: Projection, clusters: Int[np.ndarray, " n"], title: str) -> str:
    """Examples in a plane, in the colours of their clusters, as SVG."""
    low, high = plane.places.min(axis=0), plane.places.max(axis=0)
    frame = make_frame(low, high)
    parts = [
        element("title", escape(title)),
        element("rect", width=WIDTH, height=HEIGHT, fill=GROUND),
        *axes(low, high, plane.shares, frame),
        *points(plane.places, clusters, frame),
        *numbers(plane.places, clusters, frame),
    ]
    size = {"width": WIDTH, "height": HEIGHT, "viewBox": f"0 0 {WIDTH:g} {HEIGHT:g}"}
    attributes = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "font_family": "sans-serif", "font_size": 11}
    return element("svg", *parts, **attributes, **size)


def make_frame(low: Float[np.ndarray, " 2"], high: Float[np.ndarray, " 2"]) -> Frame:
    """A frame in which both axes have one scale and everything fits."""
    room = np.array([WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM])
    x, y = ((low + high) / 2).tolist()
    return Frame((x, y), float(FULL * (room / np.maximum(high - low, 1e-6)).min()))


def axes(
    low: Float[np.ndarray, " 2"], high: Float[np.ndarray, " 2"], shares: Float[np.ndarray, " 2"], frame: Frame
) -> list[str]:
    """Lines and numbers of both axes, with their shares of the variance."""
    parts, bottom = [], HEIGHT - BOTTOM
    for value, label in ticks_within(*map(float, (low[0], high[0]))):
        x, _ = frame.position(value, 0.0)
        parts.append(element("line", x1=x, x2=x, y1=TOP, y2=bottom, stroke=FAINT))
        parts.append(text(label, x, bottom + 15, fill=QUIET, text_anchor="middle"))
    for value, label in ticks_within(*map(float, (low[1], high[1]))):
        _, y = frame.position(0.0, value)
        parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, stroke=FAINT))
        parts.append(text(label, LEFT - 6, y + 4, fill=QUIET, text_anchor="end"))
    titles = [f"component {i} ({share:.0%} of variance)" for i, share in enumerate(shares.tolist())]
    transform = f"translate(14 {(TOP + bottom) / 2:g}) rotate(-90)"
    parts.append(text(titles[0], (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, fill=QUIET, text_anchor="middle"))
    return [*parts, text(titles[1], 0, 0, transform=transform, fill=QUIET, text_anchor="middle")]


def points(places: Float[np.ndarray, "n 2"], clusters: Int[np.ndarray, " n"], frame: Frame) -> list[str]:
    """A circle for each example, in the colour of its cluster."""
    circles = []
    for (x, y), cluster in zip(places.tolist(), clusters.tolist(), strict=True):
        cx, cy = frame.position(x, y)
        colour = feature_colour(cluster).light
        circles.append(element("circle", cx=cx, cy=cy, r=4, fill=colour, fill_opacity=0.7, stroke=colour))
    return circles


def numbers(places: Float[np.ndarray, "n 2"], clusters: Int[np.ndarray, " n"], frame: Frame) -> list[str]:
    """Draw the numbers of clusters of two or more that have their own colour, above their middle."""
    labels = []
    for cluster in range(min(len(FEATURES), int(clusters.max()) + 1)):
        inside = places[clusters == cluster]
        if len(inside) > 1:
            x, y = frame.position(*inside.mean(axis=0).tolist())
            attributes = {"fill": feature_colour(cluster).light, "font_size": 13, "font_weight": "bold"}
            halo = {"stroke": GROUND, "stroke_width": 4, "paint_order": "stroke"}
            labels.append(text(str(cluster), x, y - 9, text_anchor="middle", **attributes, **halo))
    return labels
