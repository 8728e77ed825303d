"""A drawn picture as text, for the URL and for components: one hexadecimal digit per pixel, row by row; f is white."""

import re

import numpy as np
from jaxtyping import Float

FULL = 15


def to_text(pixels: Float[np.ndarray, " d_pixels"]) -> str:
    """Encode pixels from 0 to 1, rounded to 16 levels."""
    return "".join(f"{level:x}" for level in np.rint(np.clip(pixels, 0, 1) * FULL).astype(int).tolist())


def from_text(text: str, n_pixels: int) -> Float[np.ndarray, " d_pixels"] | None:
    """Decode the pixels; None unless the text has exactly `n_pixels` hexadecimal digits."""
    if len(text) != n_pixels or not re.fullmatch(r"[0-9a-f]*", text):
        return None
    return np.array([int(digit, 16) for digit in text], dtype=np.float32) / FULL
