"""What every unit of the stage is computed from, and how the stage is cut into units."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas.manifest import Importance
from precompute.models.open_model import ModelSpec
from precompute.steps.importance.budget import Limits, covered_rows, wanted_pairs
from precompute.steps.layer_features import LayerFound, Texts


@dataclass(frozen=True)
class LayerAsked:
    """The rows of one layer that are computed, sorted by example; `n_rows` counts the layer's rows in all.

    Every worker is sent all of them, 20 bytes a row.
    """

    layer: int
    n_rows: int
    row: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]
    example: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    activation: Float[np.ndarray, " n"]

    def within(self, examples: slice) -> slice:
        """Where the rows of some examples stand."""
        return slice(*np.searchsorted(self.example, [examples.start, examples.stop]).tolist())


@dataclass(frozen=True)
class ImportanceJob:
    """The stage, ready to be computed unit by unit in any order; `model` may be None where the source is at hand.

    `pairs` says which positions of which examples are masked, once for each baseline.
    """

    model: ModelSpec | None
    tokens: Int[np.ndarray, "n_examples n_ctx"]
    lengths: Int[np.ndarray, " n_examples"]
    back: int
    baselines: tuple[str, ...]
    work_unit: int
    limits: Limits
    pairs: Bool[np.ndarray, "n_examples n_ctx"]
    layers: tuple[LayerAsked, ...]

    @property
    def n_slices(self) -> int:
        return -(-len(self.tokens) // self.work_unit)

    def part(self, unit: int) -> tuple[int, slice]:
        """The number of a unit's baseline, and its examples."""
        baseline, number = divmod(unit, self.n_slices)
        return baseline, slice(number * self.work_unit, min((number + 1) * self.work_unit, len(self.tokens)))

    def facts(self) -> Importance:
        """What the manifest says of this stage."""
        return Importance(
            examples=self.limits.examples,
            passes_allowed=self.limits.passes,
            passes=int(self.pairs.sum()) * len(self.baselines),
            rows=sum(len(asked.row) for asked in self.layers),
            rows_in_all=sum(asked.n_rows for asked in self.layers),
        )


def plan(
    layers: Sequence[LayerFound],
    texts: Texts,
    maskable: Bool[np.ndarray, "n_examples n_ctx"],
    baselines: Sequence[str],
    limits: Limits,
    work_unit: int,
    model: ModelSpec | None = None,
) -> ImportanceJob:
    """What is to be computed; `maskable` positions are real tokens with text. The baselines share the passes."""
    back = texts.window.back
    allowed = None if limits.passes is None else limits.passes // len(baselines)
    pairs = wanted_pairs(layers, maskable, back, limits.examples, allowed)
    asked = tuple(layer_asked(found, maskable, pairs, back) for found in layers)
    return ImportanceJob(model, texts.tokens, texts.lengths, back, tuple(baselines), work_unit, limits, pairs, asked)


def layer_asked(
    found: LayerFound,
    maskable: Bool[np.ndarray, "n_examples n_ctx"],
    pairs: Bool[np.ndarray, "n_examples n_ctx"],
    back: int,
) -> LayerAsked:
    rows = found.rows
    row = covered_rows(rows, maskable, pairs, back)
    row = row[np.lexsort((rows.pos[row], rows.example[row]))]
    narrow = (column[row].astype(np.int32) for column in (rows.neuron, rows.example, rows.pos))
    return LayerAsked(rows.layer, rows.n_rows, row.astype(np.int32), *narrow, rows.activation[row].astype(np.float32))


def units(job: ImportanceJob) -> list[int]:
    """A unit is `work_unit` examples under one baseline; those without a masked pass are left out."""
    numbers = range(job.n_slices * len(job.baselines))
    return [unit for unit in numbers if masked_passes(job, unit)]


def masked_passes(job: ImportanceJob, unit: int) -> int:
    """How many masked passes a unit is, for telling progress."""
    _, examples = job.part(unit)
    return int(np.count_nonzero(job.pairs[examples]))
