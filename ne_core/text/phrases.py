"""Short phrases used in several sentences."""

from collections.abc import Sequence


def listed(options: Sequence, joined: str = "or") -> str:
    """Join options: “a”, “a or b”, “a, b or c”."""
    *first, last = map(str, options)
    return f"{', '.join(first)} {joined} {last}" if first else last


def image_words(label: str, example: int) -> str:
    """Alternative text of an image: “a 3, image 17”."""
    return f"a {label}, image {example}"
