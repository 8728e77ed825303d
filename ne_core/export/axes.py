"""Positions and texts of an axis's ticks."""

import math

from ne_core.numbers import typeset

MOST_TICKS = 6


def step_of(span: int | float) -> float:
    """Distance between ticks: 1, 2 or 5 times a power of ten, at most MOST_TICKS ticks over `span`."""
    power = 10.0 ** math.floor(math.log10(span / MOST_TICKS))
    return next(k * power for k in (1, 2, 5, 10) if span / (k * power) <= MOST_TICKS)


def ticks(first: int, last: int, step: float) -> list[tuple[float, str]]:
    """Return (value, text) for the multiples `first` to `last` of a step."""
    return [(k * step, typeset(f"{k * step:.6g}")) for k in range(first, last + 1)]


def ticks_within(low: int | float, high: int | float) -> list[tuple[float, str]]:
    """Return (value, text) for every whole step between `low` and `high`."""
    step = step_of((high - low) or 1.0)
    return ticks(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9), step)
