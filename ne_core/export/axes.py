"""Where the ticks of an axis stand, and how they are written."""

import math

from ne_core.numbers import typeset

MOST_TICKS = 6


def step_of(span: int | float) -> float:
    """1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(span / MOST_TICKS))
    return next(k * power for k in (1, 2, 5, 10) if span / (k * power) <= MOST_TICKS)


def ticks(first: int, last: int, step: float) -> list[tuple[float, str]]:
    """Whole multiples of a step."""
    return [(k * step, typeset(f"{k * step:.6g}")) for k in range(first, last + 1)]


def ticks_within(low: int | float, high: int | float) -> list[tuple[float, str]]:
    """The whole steps from one end to the other."""
    step = step_of((high - low) or 1.0)
    return ticks(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9), step)
