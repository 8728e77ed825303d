"""Axes of small figures: positions and texts of their ticks."""

import math

from ne_core.export.axes import step_of, ticks, ticks_within
from pages.components.widgets.plots.small_plot import Axis


def level_axis(low: float, high: float, title: str) -> Axis:
    """Axis that includes zero and ends on ticks."""
    low, high = min(low, 0.0), max(high, 0.0)
    step = step_of(high - low or 1.0)
    first, last = math.floor(low / step + 1e-9), max(math.ceil(high / step - 1e-9), math.floor(low / step + 1e-9) + 1)
    return Axis(first * step, last * step, title, ticks(first, last, step))


def value_axis(low: float, high: float, title: str) -> Axis:
    """Axis with the given ends and ticks on whole steps between them."""
    high = high if high > low else low + 1
    return Axis(low, high, title, ticks_within(low, high))


def count_axis(most: int, title: str) -> Axis:
    """Logarithmic axis of counts, by `log_count`."""
    powers = range(len(str(max(1, most))))
    return Axis(0, log_count(max(1, most)) * 1.02, title, [(log_count(10**k), f"{10**k:,}") for k in powers])


def log_count(count: int) -> float:
    """Height of a count, log10(1 + count): 0 for none, so that a count of 1 is visible."""
    return math.log10(1 + count)
