"""Numbers on the screen, with a true minus sign (U+2212); CSV, JSON and URLs keep the hyphen."""

import math
from typing import SupportsFloat

MINUS = "−"  # U+2212, as wide as the plus
UNKNOWN = "–"


def fixed(value: SupportsFloat, digits: int = 2) -> str:
    """Format a number with `digits` decimals: “0.31”, “−0.08”; a dash if it is not finite."""
    return typeset(f"{float(value):z.{digits}f}") if math.isfinite(value) else UNKNOWN


def signed(value: SupportsFloat, digits: int = 2) -> str:
    """Format a number with its sign: “+0.31”, “−0.08”; a dash if it is not finite."""
    return typeset(f"{float(value):+z.{digits}f}") if math.isfinite(value) else UNKNOWN


def typeset(number: str) -> str:
    """Replace the hyphens of a formatted number by minus signs."""
    return number.replace("-", MINUS)
