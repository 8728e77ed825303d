"""Contributions to every row's pre-activation (ne_core/method/contributions.py); a unit of work is a few examples.

One clean pass of an example serves all rows of all layers that have their key token in it.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from ne_core.method.contributions import Parts
from precompute.config import RunConfig
from precompute.models.open_model import ModelSpec, load_model
from precompute.models.source import Keys, Source, Split
from precompute.run.step import Step
from precompute.run.work import Load, Work
from precompute.steps.layer_features import LayerFeatures, Texts

logger = logging.getLogger(__name__)

COLUMNS = {"contributions": "float16", "read_head": "int16", "read_back": "int16"}
Columns = Mapping[str, np.ndarray]  # COLUMNS of one layer or of a unit's rows
BEYOND_HALF = "the contribution of a part of the model to a pre-activation is beyond half precision, or not finite"


@dataclass(frozen=True)
class LayerKeys:
    """Rows of one layer, sorted by example."""

    layer: int
    row: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]
    example: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]

    @classmethod
    def of(cls, layer: LayerFeatures) -> "LayerKeys":
        rows = layer.rows
        row = np.lexsort((rows.pos, rows.example))
        columns = (column[row].astype(np.int32) for column in (rows.neuron, rows.example, rows.pos))
        return cls(rows.layer, row.astype(np.int32), *columns)

    def within(self, examples: slice) -> slice:
        """Return the slice of the rows of some examples."""
        return slice(*np.searchsorted(self.example, [examples.start, examples.stop]).tolist())

    def keys(self, examples: slice) -> Keys:
        rows = self.within(examples)
        example, pos, neuron = (column[rows].astype(np.int64) for column in (self.example, self.pos, self.neuron))
        return Keys(example - examples.start, pos, neuron)


@dataclass(frozen=True)
class ContributionsJob:
    """Data shared by all units; unit u is `work_unit` examples. Every worker gets all rows, 16 bytes each."""

    model: ModelSpec | None
    parts: Parts
    tokens: Int[np.ndarray, "n_examples n_ctx"]
    lengths: Int[np.ndarray, " n_examples"]
    work_unit: int
    layers: tuple[LayerKeys, ...]

    def examples(self, unit: int) -> slice:
        return slice(unit * self.work_unit, min((unit + 1) * self.work_unit, len(self.tokens)))

    def n_examples(self, unit: int) -> int:
        examples = self.examples(unit)
        return examples.stop - examples.start

    @property
    def units(self) -> list[int]:
        """Units in which at least one row has its key token."""
        with_rows = [np.unique(layer.example // self.work_unit) for layer in self.layers]
        return np.unique(np.concatenate(with_rows)).tolist()


def plan(
    layers: Sequence[LayerFeatures], texts: Texts, parts: Parts, work_unit: int, model: ModelSpec | None = None
) -> ContributionsJob:
    """Plan the computation; `model` may be None if the source is passed to a unit."""
    keys = tuple(map(LayerKeys.of, layers))
    return ContributionsJob(model, parts, texts.tokens, texts.lengths, work_unit, keys)


def work_contributions(job: ContributionsJob, unit: int) -> dict[str, np.ndarray]:
    """Compute a unit in a worker, with the model of the job."""
    return unit_contributions(load_model(job.model), job, unit)


def unit_contributions(source: Source, job: ContributionsJob, unit: int) -> dict[str, np.ndarray]:
    """Return `COLUMNS` of the unit's rows in the job's order, by layer and name; depends on the job and unit only."""
    examples = job.examples(unit)
    tokens, lengths = (torch.from_numpy(array[examples].astype(np.int64)) for array in (job.tokens, job.lengths))
    splits = source.split(tokens, lengths, {each.layer: each.keys(examples) for each in job.layers})
    return {f"{layer}.{name}": values for layer, split in splits.items() for name, values in to_columns(split).items()}


def to_columns(split: Split) -> Columns:
    """Return the columns as stored in the atlas, infinite for a part beyond float16, which `Tables.finite` checks."""
    values = (round_to_half(split.parts), split.read_head, split.read_back)
    return {name: each.astype(dtype) for (name, dtype), each in zip(COLUMNS.items(), values, strict=True)}


def round_to_half(parts: Float[np.ndarray, "n n_parts"]) -> Float[np.ndarray, "n n_parts"]:
    """Round to float16 without changing sums: the rounding error of a part is added to the next smaller one.

    A sum is off by no more than the rounding error of its smallest part.
    """
    order = np.argsort(-np.abs(parts), axis=1)
    result, left_over = np.empty(parts.shape, dtype=np.float16), np.zeros(len(parts))
    row = np.arange(len(parts))
    for column in order.T:
        exact = parts[row, column] + left_over
        with np.errstate(over="ignore", invalid="ignore"):  # Tables.finite checks for infinity
            result[row, column] = exact
            left_over = exact - result[row, column]
    return result


class Tables(Mapping[int, Columns]):
    """Columns of each layer, made from the units' arrays at every access."""

    def __init__(self, job: ContributionsJob, load: Callable[[int], Columns]):
        self.job, self.load = job, load
        self.keys_of = {each.layer: each for each in job.layers}

    @property
    def finite(self) -> bool:
        """True if every part fits float16; otherwise the parts would not sum to the pre-activation."""
        units = (self.load(unit) for unit in self.job.units)
        parts = (arrays[name] for arrays in units for name in arrays if name.endswith(".contributions"))
        return all(bool(np.isfinite(each).all()) for each in parts)

    def __getitem__(self, layer: int) -> Columns:
        keys, parts = self.keys_of[layer], self.job.parts
        widths = (parts.count(layer), parts.n_read(layer), parts.n_read(layer))
        tables = {
            name: np.empty((len(keys.row), width), dtype)
            for (name, dtype), width in zip(COLUMNS.items(), widths, strict=True)
        }
        for unit in self.job.units:
            row, arrays = keys.row[keys.within(self.job.examples(unit))], self.load(unit)
            for name, table in tables.items():
                table[row] = arrays[f"{layer}.{name}"]
        return tables

    def __iter__(self) -> Iterator[int]:
        return iter(self.keys_of)

    def __len__(self) -> int:
        return len(self.keys_of)


def parts_or_reason(config: RunConfig, source: Source) -> Parts | str:
    return source.parts() if config.contributions else "it was built with --contributions no"


def contributions_work(
    config: RunConfig, spec: ModelSpec, source: Source, texts: Texts, features: Sequence[LayerFeatures]
) -> Work | None:
    parts = parts_or_reason(config, source)
    if isinstance(parts, str):
        return None
    job = plan(features, texts, parts, config.work_unit, spec)
    return Work(work_contributions, job, job.units, cores=None, size=job.n_examples)


def tables_or_reason(config: RunConfig, source: Source, work: Work | None, load: Load) -> Tables | str:
    """Return the contributions to every row's pre-activation, or the reason why there are none."""
    if work is None:
        return parts_or_reason(config, source)
    tables = Tables(work.job, load)
    if tables.finite:
        return tables
    logger.warning("contributions are left out: %s", BEYOND_HALF)
    return BEYOND_HALF


def facts(contributions: Tables | str) -> dict[str, Any]:
    return {"contributions": contributions if isinstance(contributions, str) else contributions.job.parts}


STEP = Step("contributions", "contributions", "examples", tables_or_reason, contributions_work, facts)
