"""Numbers as people read them, with one minus sign; what a machine reads (CSV, JSON, addresses) keeps its hyphen."""

import math
from typing import SupportsFloat

MINUS = "−"  # U+2212, as wide as the plus
UNKNOWN = "–"


def fixed(value: SupportsFloat, digits: int = 2) -> str:
    """The number to so many digits: 0.31, −0.08; a dash where it is not known."""
    return typeset(f"{float(value):z.{digits}f}") if math.isfinite(value) else UNKNOWN


def signed(value: SupportsFloat, digits: int = 2) -> str:
    """The same with its sign: +0.31, −0.08."""
    return typeset(f"{float(value):+z.{digits}f}") if math.isfinite(value) else UNKNOWN


def typeset(number: str) -> str:
    """A number that was formatted otherwise, with that minus sign."""
    return number.replace("-", MINUS)
