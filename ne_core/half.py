"""Half precision: numbers beyond its range are clipped to its limits, counted, and shown as “≥ 65,504”."""

import numpy as np
from jaxtyping import Float

from ne_core import numbers
from ne_core.numbers import MINUS, fixed

LARGEST = 65504.0  # the largest float16


def clipped(values: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Convert to float16, clipping to ±LARGEST, infinities included; NaN stays NaN."""
    return np.clip(values, -LARGEST, LARGEST).astype(np.float16)


def n_clipped(values: Float[np.ndarray, "..."]) -> int:
    """Count the values at ±LARGEST: each may stand for any number beyond it."""
    return int(np.count_nonzero(np.abs(values) >= LARGEST))


def number(value: float | np.floating, digits: int = 2) -> str:
    """Format a stored number: “≥ 65,504” or “≤ −65,504” at the limits."""
    return limit_text(value) if abs(value) >= LARGEST else fixed(value, digits)


def signed(value: float | np.floating, digits: int = 2) -> str:
    """Format a stored number with its sign, as `number` does."""
    return limit_text(value) if abs(value) >= LARGEST else numbers.signed(value, digits)


def limit_text(value: float | np.floating) -> str:
    """The end of half precision as text, such as “≥ 65,504”."""
    return f"≥ {LARGEST:,.0f}" if value > 0 else f"≤ {MINUS}{LARGEST:,.0f}"
