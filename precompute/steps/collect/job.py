"""What every work unit of collection needs to know, and the hints that spare it what can no longer be kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.half import LARGEST
from ne_core.text.windows import Window
from precompute.models.open_model import ModelSpec
from precompute.models.source import Source
from precompute.steps.candidates import Rule

# What to do where a model itself overflows: half precision ends at 65,504 in its arithmetic, too.
NOT_FINITE = "--dtype float32 would work where --dtype was another; otherwise check the model's weights"


class CollectError(ValueError):
    """The activations cannot be used; the message says why in one line."""


@dataclass(frozen=True)
class CollectJob:
    """The corpus, cut into units of `work_unit` examples, and what is looked for in it.

    `allowed` says which positions may be key tokens, `sampled` at which ones everything is noted for the statistics.
    `model` may be left out where the source is at hand.
    """

    tokens: Int[np.ndarray, "n_examples n_ctx"]
    lengths: Int[np.ndarray, " n_examples"]
    allowed: Bool[np.ndarray, "n_examples n_ctx"]
    sampled: Bool[np.ndarray, "n_examples n_ctx"]
    rules: Mapping[int, Rule]
    window: Window
    work_unit: int
    model: ModelSpec | None = None

    @property
    def layers(self) -> tuple[int, ...]:
        return tuple(sorted(self.rules))

    @property
    def n_examples(self) -> int:
        return len(self.tokens)

    @property
    def n_units(self) -> int:
        return -(-self.n_examples // self.work_unit)

    def examples(self, unit: int) -> slice:
        return slice(unit * self.work_unit, min((unit + 1) * self.work_unit, self.n_examples))


@dataclass(frozen=True)
class Hints:
    """What is known already when a unit starts, by layer; none of it changes the rows in the end.

    `seen` are the highest activations in any part of the corpus; `bar` is what the `max_examples`th best of *earlier*
    examples is worth (candidates.py).
    """

    seen: Mapping[int, Float[np.ndarray, " n_neurons"]] = field(default_factory=dict)
    bar: Mapping[int, Float[np.ndarray, " n_neurons"]] = field(default_factory=dict)


def check_weights(source: Source) -> None:
    """Raise CollectError for input weights that cannot be stored: an embedding is made of them."""
    for layer in source.layers:
        if not bool((np.abs(source.layer(layer).W_in) <= LARGEST).all()):
            folded = source.weights == "folded"
            instead = ": --weights raw has them as the model does" if folded else ", and cannot be stored"
            raise CollectError(f"layer {layer} has input weights beyond float16 ({LARGEST:,.0f}){instead}")


def real_positions(lengths: Int[np.ndarray, " n_examples"], n_ctx: int) -> Bool[np.ndarray, "n_examples n_ctx"]:
    """Inside the example, and not position 0, whose activations are outliers in many models."""
    at = np.arange(n_ctx)
    return (at > 0) & (at < lengths[:, None])
