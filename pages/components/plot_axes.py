"""Axes of small figures: where ticks stand and how they are written."""

import math

from pages.components.small_plot import Axis

MOST_TICKS = 6


def level_axis(low: float, high: float, title: str) -> Axis:
    """Both signs, zero included, ends on ticks."""
    low, high = min(low, 0.0), max(high, 0.0)
    step = step_of(high - low or 1.0)
    first, last = math.floor(low / step + 1e-9), max(math.ceil(high / step - 1e-9), math.floor(low / step + 1e-9) + 1)
    return Axis(first * step, last * step, title, ticks(first, last, step))


def value_axis(low: float, high: float, title: str) -> Axis:
    """Ends as they are, ticks on whole steps between them."""
    high = high if high > low else low + 1
    step = step_of(high - low)
    return Axis(low, high, title, ticks(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9), step))


def count_axis(most: int, title: str) -> Axis:
    """Counts by `log_count`."""
    powers = range(len(str(max(1, most))))
    return Axis(0, log_count(max(1, most)) * 1.02, title, [(log_count(10**k), f"{10**k:,}") for k in powers])


def log_count(count: int) -> float:
    """0 for none, so that one is seen."""
    return math.log10(1 + count)


def step_of(span: float) -> float:
    """1, 2 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(span / MOST_TICKS))
    return next(k * power for k in (1, 2, 5, 10) if span / (k * power) <= MOST_TICKS)


def ticks(first: int, last: int, step: float) -> list[tuple[float, str]]:
    return [(k * step, f"{k * step:.6g}".replace("-", "−")) for k in range(first, last + 1)]
