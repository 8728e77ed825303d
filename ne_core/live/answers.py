"""Answers of a live model. Tokens are ids of the atlas's vocabulary: `atlas.text(ids)`.

`notes` are lines for a visitor: what was cut, what cannot be given, and why. They quote nobody's text.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.contributions import Parts


@dataclass(frozen=True)
class Ready:
    """The model is loaded. `causal`: it predicts next tokens; `parts` None where pre-activations are not split."""

    causal: bool
    parts: Parts | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Fired:
    """Neurons at tokens, an entry each, largest share of the neuron's maximum first.

    `feature` is the one at the cut asked for whose members are nearest on average, at `distance` (cosine, averaged);
    `margin` is how much further the second is, NaN where the neuron has one feature. `unlike`: `distance` is above
    `limit` (ne_core/method/unlike.py), infinite where the neuron has too few examples to tell. −1, NaN and False where
    no feature can be given: the neuron has no examples, or the atlas holds no inputs.
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

    counted            where neurons are looked at: not position 0, not special tokens, as in the atlas
    cut                whether the text was longer than what was read
    layers             of the rows of `n_active`: how many neurons of each layer are at the share or above, by token
    fired, n_fired     the strongest, and how many there are in all
    log_probability    of each token, given those before it; NaN at position 0 and where the model predicts none
    next_tokens        what the model expects after each position, likeliest first, −1 where it predicts none
    """

    tokens: Int[np.ndarray, " pos"]
    counted: Bool[np.ndarray, " pos"]
    cut: bool
    layers: Int[np.ndarray, " n_layers"]
    n_active: Int[np.ndarray, "n_layers pos"]
    fired: Fired
    n_fired: int
    log_probability: Float[np.ndarray, " pos"]
    next_tokens: Int[np.ndarray, "pos next"]
    next_log_probability: Float[np.ndarray, "pos next"]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Why:
    """Parts of a pre-activation: `values` in the order of `parts.part_list(layer)`, which sum to `pre_activation`.

    `read_head` are the heads with the largest parts, numbered over layers, and `read_back` how many tokens before
    `pos` stands what each reads most from, as in ne_core/method/contributions.py.
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
    """1 − activation with a token masked / activation, by baseline and masked position; NaN where nothing is masked.

    Special tokens are not masked, nor in a causal model what comes after `pos`. The atlas's baselines, or the model's
    default one where it has none.
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
    """The model before a removal, after it, and with as much taken away in a random direction: RUNS, in this order.

    log_probability    of each token of the text, given those before it
    at, next_tokens    the tokens that are among the likeliest after position `at` in any run, by `probability` before
    changed_pos, …     each activation that was changed: where, which neuron, in the three runs
    stated             what was changed, in words
    """

    tokens: Int[np.ndarray, " pos"]
    log_probability: Float[np.ndarray, "3 pos"]
    at: int
    next_tokens: Int[np.ndarray, " k"]
    probability: Float[np.ndarray, "3 k"]
    changed_pos: Int[np.ndarray, " n"]
    changed_layer: Int[np.ndarray, " n"]
    changed_neuron: Int[np.ndarray, " n"]
    changed_activation: Float[np.ndarray, "3 n"]
    stated: str
    notes: tuple[str, ...]


RUNS = ("before", "after", "random")


@dataclass(frozen=True)
class Refused:
    """No answer: why, and what would work, in one line."""

    message: str


Answer = Ready | TextRead | Why | Matters | TakenOut | Refused
