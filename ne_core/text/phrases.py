"""Short phrases that several sentences have in them."""

from collections.abc import Sequence


def listed(options: Sequence, joined: str = "or") -> str:
    """“a”, “a or b”, “a, b or c”."""
    *first, last = map(str, options)
    return f"{', '.join(first)} {joined} {last}" if first else last


def image_words(label: str, example: int) -> str:
    """“a 3, image 17”: what an image shows, for those who do not see it."""
    return f"a {label}, image {example}"
