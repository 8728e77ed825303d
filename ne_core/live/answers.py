"""Answers of a live model. Tokens are ids of the atlas's vocabulary: `atlas.text(ids)`.

`notes` are sentences for the visitor on what is missing from an answer, and why. They never quote the text.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.contributions import Parts


@dataclass(frozen=True)
class Ready:
    """The model is loaded. `causal`: it predicts next tokens; `parts` is None if pre-activations cannot be split."""

    causal: bool
    parts: Parts | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Firings:
    """Neurons that fire at tokens, one entry for each such pair, largest `share` of the neuron's maximum first.

    `feature` is the neuron's feature, at the requested cut, with the lowest mean cosine distance to the input;
    `distance` is that distance, and `margin` how much farther the second nearest feature is, NaN if the neuron has only
    one. `unlike`: `distance` is above `limit` (ne_core/method/unlike.py), which is infinite if the neuron has too few
    examples to tell. Without a feature, because the neuron has no examples or the atlas holds no inputs, the columns
    hold −1, NaN and False.
    """

    pos: Int[np.ndarray, " n"]
    layer: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]
    activation: Float[np.ndarray, " n"]
    share: Float[np.ndarray, " n"]
    feature: Int[np.ndarray, " n"]
    distance: Float[np.ndarray, " n"]
    margin: Float[np.ndarray, " n"]
    limit: Float[np.ndarray, " n"]
    unlike: Bool[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.pos)


@dataclass(frozen=True)
class TextRead:
    """A text as the model read it.

    counted            mask of the positions at which neurons are read: not position 0, not special tokens
    cut                True if the text was longer than the limit and its end was not read
    layers, n_active   number of neurons at or above the share, a row for each of `layers`, a column for each token
    fired, n_fired     the strongest firings, and the number of all
    log_probability    of each token, given those before it; NaN at position 0 and for models that predict no tokens
    next_tokens        likeliest tokens after each position, likeliest first; −1 for models that predict no tokens
    """

    tokens: Int[np.ndarray, " pos"]
    counted: Bool[np.ndarray, " pos"]
    cut: bool
    layers: Int[np.ndarray, " n_layers"]
    n_active: Int[np.ndarray, "n_layers pos"]
    fired: Firings
    n_fired: int
    log_probability: Float[np.ndarray, " pos"]
    next_tokens: Int[np.ndarray, "pos next"]
    next_log_probability: Float[np.ndarray, "pos next"]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Why:
    """Parts of a pre-activation: `values` in the order of `parts.part_list(layer)`, which sum to `pre_activation`.

    `read_head` are the heads with the largest parts, numbered over layers; `read_back` is the distance in tokens from
    `pos` back to the token that each of them reads most, as in ne_core/method/contributions.py.
    """

    layer: int
    neuron: int
    pos: int
    parts: Parts
    values: Float[np.ndarray, " n_parts"]
    pre_activation: float
    read_head: Int[np.ndarray, " n_read"]
    read_back: Int[np.ndarray, " n_read"]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Matters:
    """Token importance, 1 − activation with the token masked / activation, by baseline and masked position.

    NaN for tokens that are not masked: special tokens and, in a causal model, tokens after `pos`. The baselines are
    those of the atlas, or the model's default if it has none.
    """

    layer: int
    neuron: int
    pos: int
    activation: float
    baselines: tuple[str, ...]
    importance: Float[np.ndarray, "n_baselines pos"]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class TakenOut:
    """Effect of a removal. The three runs are RUNS: before, after, and with a random vector of equal length removed.

    log_probability          of each token of the text, given those before it
    next_after, next_tokens  tokens among the likeliest after position `next_after` in any run, by `probability` before
    changed_pos, …           every changed activation: its position, layer and neuron, and its value in the three runs
    summary                  the change in words
    """

    tokens: Int[np.ndarray, " pos"]
    log_probability: Float[np.ndarray, "3 pos"]
    next_after: int
    next_tokens: Int[np.ndarray, " k"]
    probability: Float[np.ndarray, "3 k"]
    changed_pos: Int[np.ndarray, " n"]
    changed_layer: Int[np.ndarray, " n"]
    changed_neuron: Int[np.ndarray, " n"]
    changed_activation: Float[np.ndarray, "3 n"]
    summary: str
    notes: tuple[str, ...]


RUNS = ("before", "after", "random")


@dataclass(frozen=True)
class Refused:
    """Refusal of a request; the message says in one line why, and what would work."""

    message: str


Answer = Ready | TextRead | Why | Matters | TakenOut | Refused
