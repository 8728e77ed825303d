"""Importances of all units, joined into one table per layer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from ne_core.atlas.manifest import Importance
from precompute.config import RunConfig
from precompute.models.source import Source
from precompute.run.progress import OnProgress, silent
from precompute.steps.importance.budget import Limits
from precompute.steps.importance.job import ImportanceJob, masked_passes, plan, units
from precompute.steps.importance.unit import unit_importances
from precompute.steps.layer_features import LayerFeatures, Texts

Load = Callable[[int], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Importances:
    """Importances by layer, float32 [row baseline back]; NaN outside the example, for special tokens, or if skipped."""

    by_layer: Mapping[int, Float[np.ndarray, "n_rows n_baselines n_back"]]
    facts: Importance


def gathered(job: ImportanceJob, load: Load) -> Importances:
    """Join the units; `load(unit)` returns the arrays of a unit.

    Each layer's table is made when it is accessed and is not cached: all of them are 80 bytes per row and baseline.
    """
    return Importances(Tables(job, load), job.facts())


class Tables(Mapping[int, np.ndarray]):
    """Table of each layer, made from the units' arrays at every access."""

    def __init__(self, job: ImportanceJob, load: Load):
        self.job, self.load = job, load
        self.rows_by_layer = {rows.layer: rows for rows in job.layers}

    def __getitem__(self, layer: int) -> Float[np.ndarray, "n_rows n_baselines n_back"]:
        job, rows = self.job, self.rows_by_layer[layer]
        table = np.full((rows.n_rows, len(job.baselines), job.back), np.nan, dtype=np.float32)
        for unit in units(job):
            baseline, examples = job.part(unit)
            table[rows.row[rows.within(examples)], baseline] = self.load(unit)[str(layer)]
        return table

    def __iter__(self) -> Iterator[int]:
        return iter(self.rows_by_layer)

    def __len__(self) -> int:
        return len(self.rows_by_layer)


def importances(
    source: Source,
    layers: Sequence[LayerFeatures],
    texts: Texts,
    maskable: Bool[np.ndarray, "n_examples n_ctx"],
    baselines: Sequence[str],
    limits: Limits,
    work_unit: int = RunConfig.work_unit,
    on_progress: OnProgress = silent,
) -> Importances:
    """Compute the whole step in memory; `on_progress` counts masked passes."""
    job = plan(layers, texts, maskable, baselines, limits, work_unit)
    results, done, total = {}, 0, job.facts().passes
    for unit in units(job):
        results[unit] = unit_importances(source, job, unit)
        done += masked_passes(job, unit)
        on_progress(done, total)
    return gathered(job, results.__getitem__)
