"""Requests to the model of an atlas. A text is read as the corpus was: cut at `MOST_TOKENS`.

Positions count all tokens that the model reads, special ones included, from 0, as `TextRead.tokens` has them.
"""

from dataclasses import dataclass

from ne_core.errors import AtlasError

MOST_TOKENS = 256
MOST_CHARACTERS = 2**18  # of a text; what is beyond is cut off before it is sent
LEAST_SHARE = 0.25
MOST_FIRED = 5000  # that one answer lists
MOST_REMOVED = 10
NEXT = 5  # tokens that may come next, likeliest first
WHOLE = -1  # in the place of a feature: the whole neuron


class LiveError(AtlasError):
    """The request cannot be answered; the message says why, and what would work, in one line for a visitor."""


@dataclass(frozen=True)
class OpenModel:
    """Load the model, before anybody has typed anything."""


@dataclass(frozen=True)
class ReadText:
    """Read a text: which neurons fire at `share` of their maximum or above, and as which of their features.

    `distance` is where trees are cut, None for the atlas's own cut. At most `most` are listed, largest share first.
    """

    text: str
    share: float = 0.75
    distance: float | None = None
    most: int = MOST_FIRED


@dataclass(frozen=True)
class WhyHere:
    """Split the pre-activation of one neuron at one position into what wrote it."""

    text: str
    pos: int
    layer: int
    neuron: int


@dataclass(frozen=True)
class WhatMatters:
    """Mask each token in turn: what one neuron loses at one position."""

    text: str
    pos: int
    layer: int
    neuron: int


@dataclass(frozen=True)
class Removal:
    """A meaning to take out of what a neuron reads: a feature at the cut asked for, or WHOLE."""

    layer: int
    neuron: int
    feature: int = WHOLE


@dataclass(frozen=True)
class TakeOut:
    """Run the model on without one to MOST_REMOVED meanings, removed at `pos` alone, or everywhere where that is None.

    `at` is the position whose next tokens are given, None for the last one of the text.
    """

    text: str
    removals: tuple[Removal, ...]
    pos: int | None = None
    at: int | None = None
    distance: float | None = None


Request = OpenModel | ReadText | WhyHere | WhatMatters | TakeOut
