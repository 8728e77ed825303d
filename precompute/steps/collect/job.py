"""Data shared by all work units of collection, and hints to drop candidates that can no longer be selected."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.half import LARGEST
from ne_core.text.windows import Window
from precompute.models.open_model import ModelSpec
from precompute.models.source import Source
from precompute.steps.candidates import Rule

# Advice when the model itself overflows: arithmetic in half precision also ends at 65,504.
NOT_FINITE = "use --dtype float32, or with float32 check the model's weights"


class CollectError(ValueError):
    """Invalid activations or weights; the message says why in one line."""


@dataclass(frozen=True)
class CollectJob:
    """Corpus, cut into units of `work_unit` examples, and the rules of the selection by layer.

    `allowed` marks the positions that may be key tokens, `sampled` those whose inputs and activations are used for the
    statistics. `model` may be None if the source is passed to the unit.
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
    """Results of other units that are known when a unit starts, by layer; they do not change the final rows.

    `highest` are the highest activations in any part of the corpus; `bar` is the worth of the `max_examples`th best of
    *earlier* examples (candidates.py).
    """

    highest: Mapping[int, Float[np.ndarray, " n_neurons"]] = field(default_factory=dict)
    bar: Mapping[int, Float[np.ndarray, " n_neurons"]] = field(default_factory=dict)


def check_weights(source: Source) -> None:
    """Raise CollectError for input weights beyond float16, which embeddings need to be stored."""
    for layer in source.layers:
        if not bool((np.abs(source.layer(layer).W_in) <= LARGEST).all()):
            folded = source.weights == "folded"
            advice = (
                ": use --weights raw, which does not fold the norm into them" if folded else ", and cannot be stored"
            )
            raise CollectError(f"layer {layer} has input weights beyond float16 ({LARGEST:,.0f}){advice}")


def real_positions(lengths: Int[np.ndarray, " n_examples"], n_ctx: int) -> Bool[np.ndarray, "n_examples n_ctx"]:
    """Return the mask of positions inside an example except position 0, whose activations are often outliers."""
    pos = np.arange(n_ctx)
    return (pos > 0) & (pos < lengths[:, None])
