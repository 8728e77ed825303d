"""Data shared by all units of token importance, and the division into units."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas.manifest import Importance
from precompute.models.open_model import ModelSpec
from precompute.steps.importance.budget import Limits, covered_rows, wanted_pairs
from precompute.steps.layer_features import LayerFeatures, Texts


@dataclass(frozen=True)
class RequestedRows:
    """Rows of one layer that are computed, sorted by example; `n_rows` is the number of all rows of the layer.

    Every worker gets all of them, 20 bytes per row.
    """

    layer: int
    n_rows: int
    row: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]
    example: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    activation: Float[np.ndarray, " n"]

    def within(self, examples: slice) -> slice:
        """Return the slice of the rows of some examples."""
        return slice(*np.searchsorted(self.example, [examples.start, examples.stop]).tolist())


@dataclass(frozen=True)
class ImportanceJob:
    """Plan of the step; its units can be computed in any order. `model` may be None if the source is passed to a unit.

    `pairs` marks the positions of each example that are masked, once per baseline.
    """

    model: ModelSpec | None
    tokens: Int[np.ndarray, "n_examples n_ctx"]
    lengths: Int[np.ndarray, " n_examples"]
    back: int
    baselines: tuple[str, ...]
    work_unit: int
    limits: Limits
    pairs: Bool[np.ndarray, "n_examples n_ctx"]
    layers: tuple[RequestedRows, ...]

    @property
    def n_slices(self) -> int:
        return -(-len(self.tokens) // self.work_unit)

    def part(self, unit: int) -> tuple[int, slice]:
        """Return the index of a unit's baseline, and its examples."""
        baseline, number = divmod(unit, self.n_slices)
        return baseline, slice(number * self.work_unit, min((number + 1) * self.work_unit, len(self.tokens)))

    def facts(self) -> Importance:
        """Return the manifest's field of this step."""
        return Importance(
            examples=self.limits.examples,
            passes_allowed=self.limits.passes,
            passes=int(self.pairs.sum()) * len(self.baselines),
            rows=sum(len(layer.row) for layer in self.layers),
            rows_in_all=sum(layer.n_rows for layer in self.layers),
        )


def plan(
    layers: Sequence[LayerFeatures],
    texts: Texts,
    maskable: Bool[np.ndarray, "n_examples n_ctx"],
    baselines: Sequence[str],
    limits: Limits,
    work_unit: int,
    model: ModelSpec | None = None,
) -> ImportanceJob:
    """Plan the computation; `maskable` positions are real tokens with text. The baselines share the passes."""
    back = texts.window.back
    max_pairs = None if limits.passes is None else limits.passes // len(baselines)
    pairs = wanted_pairs(layers, maskable, back, limits.examples, max_pairs)
    requested = tuple(requested_rows(layer, maskable, pairs, back) for layer in layers)
    return ImportanceJob(
        model, texts.tokens, texts.lengths, back, tuple(baselines), work_unit, limits, pairs, requested
    )


def requested_rows(
    layer: LayerFeatures,
    maskable: Bool[np.ndarray, "n_examples n_ctx"],
    pairs: Bool[np.ndarray, "n_examples n_ctx"],
    back: int,
) -> RequestedRows:
    rows = layer.rows
    row = covered_rows(rows, maskable, pairs, back)
    row = row[np.lexsort((rows.pos[row], rows.example[row]))]
    columns = (column[row].astype(np.int32) for column in (rows.neuron, rows.example, rows.pos))
    return RequestedRows(
        rows.layer, rows.n_rows, row.astype(np.int32), *columns, rows.activation[row].astype(np.float32)
    )


def units(job: ImportanceJob) -> list[int]:
    """Return the units that have a masked pass; a unit is `work_unit` examples with one baseline."""
    numbers = range(job.n_slices * len(job.baselines))
    return [unit for unit in numbers if masked_passes(job, unit)]


def masked_passes(job: ImportanceJob, unit: int) -> int:
    """Return the number of masked passes of a unit, for progress."""
    _, examples = job.part(unit)
    return int(np.count_nonzero(job.pairs[examples]))
