"""Numbers in half precision: what lies beyond it stands at its end, is counted, and is shown as no exact number."""

import numpy as np
from jaxtyping import Float

from ne_core import numbers
from ne_core.numbers import MINUS, fixed

LARGEST = 65504.0  # the largest float16


def clipped(values: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """As float16, infinities at its ends too; NaN stays NaN."""
    return np.clip(values, -LARGEST, LARGEST).astype(np.float16)


def n_at_end(values: Float[np.ndarray, "..."]) -> int:
    """How many stand at one of the ends, and may be anything beyond it."""
    return int(np.count_nonzero(np.abs(values) >= LARGEST))


def number(value: float | np.floating, digits: int = 2) -> str:
    """A stored number as people read it: at an end it says that there may be more."""
    return at_end(value) if abs(value) >= LARGEST else fixed(value, digits)


def signed(value: float | np.floating, digits: int = 2) -> str:
    """The same, above zero with its sign."""
    return at_end(value) if abs(value) >= LARGEST else numbers.signed(value, digits)


def at_end(value: float | np.floating) -> str:
    return f"≥ {LARGEST:,.0f}" if value > 0 else f"≤ {MINUS}{LARGEST:,.0f}"
