"""Requests to the model of an atlas. Texts are tokenized as the corpus was, and cut at `MOST_TOKENS`.

Positions are indices into `TextRead.tokens`: they count from 0 and include special tokens.
"""

from dataclasses import dataclass

from ne_core.errors import AtlasError

MOST_TOKENS = 256
MOST_CHARACTERS = 2**18  # of a text; longer ones are cut before they are tokenized
LEAST_SHARE = 0.25
MOST_FIRED = 5000  # firings in one answer
MOST_REMOVED = 10  # meanings in one request
NEXT = 5  # number of likeliest next tokens
WHOLE = -1  # number of a feature that stands for the whole neuron


class LiveError(AtlasError):
    """Raised for a request that cannot be answered; the message says in one line why, and what would work."""


@dataclass(frozen=True)
class OpenModel:
    """Load the model in advance, before a visitor has typed a text."""


@dataclass(frozen=True)
class ReadText:
    """Read a text: find the neurons that reach `share` of their maximum, and the feature of each.

    `distance` is the cosine distance at which trees are cut, None for the atlas's cut. The answer has at most `most`
    firings, largest share first.
    """

    text: str
    share: float = 0.75
    distance: float | None = None
    most: int = MOST_FIRED


@dataclass(frozen=True)
class WhyHere:
    """Split the pre-activation of one neuron at one position into the contributions of the model's parts."""

    text: str
    pos: int
    layer: int
    neuron: int


@dataclass(frozen=True)
class WhatMatters:
    """Compute token importance for one neuron at one position, by masking each token in turn."""

    text: str
    pos: int
    layer: int
    neuron: int


@dataclass(frozen=True)
class Removal:
    """A meaning to remove from the input of a neuron: a feature at the requested cut, or WHOLE for the whole neuron."""

    layer: int
    neuron: int
    feature: int = WHOLE


@dataclass(frozen=True)
class TakeOut:
    """Run the model with one to MOST_REMOVED meanings removed, at position `pos`, or at every position if it is None.

    The answer has the next tokens after position `next_after`, by default the last one of the text.
    """

    text: str
    removals: tuple[Removal, ...]
    pos: int | None = None
    next_after: int | None = None
    distance: float | None = None


Request = OpenModel | ReadText | WhyHere | WhatMatters | TakeOut
