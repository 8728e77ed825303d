"""The units of the stage put together, one layer's table at a time."""

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
from precompute.steps.layer_features import LayerFound, Texts

Load = Callable[[int], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Importances:
    """By layer, float32 [row baseline back]; NaN where a position is no token, is special, or was not computed."""

    by_layer: Mapping[int, Float[np.ndarray, "n_rows n_baselines n_back"]]
    facts: Importance


def gathered(job: ImportanceJob, load: Load) -> Importances:
    """What the units found; `load(unit)` gives a unit's arrays back.

    Each layer's table is made when it is asked for and is not kept: all of them are 80 bytes a row and baseline.
    """
    return Importances(Tables(job, load), job.facts())


class Tables(Mapping[int, np.ndarray]):
    """A table for each layer, made of the units' arrays at every look-up."""

    def __init__(self, job: ImportanceJob, load: Load):
        self.job, self.load = job, load
        self.asked = {asked.layer: asked for asked in job.layers}

    def __getitem__(self, layer: int) -> Float[np.ndarray, "n_rows n_baselines n_back"]:
        job, asked = self.job, self.asked[layer]
        table = np.full((asked.n_rows, len(job.baselines), job.back), np.nan, dtype=np.float32)
        for unit in units(job):
            baseline, examples = job.part(unit)
            table[asked.row[asked.within(examples)], baseline] = self.load(unit)[str(layer)]
        return table

    def __iter__(self) -> Iterator[int]:
        return iter(self.asked)

    def __len__(self) -> int:
        return len(self.asked)


def importances(
    source: Source,
    layers: Sequence[LayerFound],
    texts: Texts,
    maskable: Bool[np.ndarray, "n_examples n_ctx"],
    baselines: Sequence[str],
    limits: Limits,
    work_unit: int = RunConfig.work_unit,
    progress: OnProgress = silent,
) -> Importances:
    """The whole stage in memory; `progress` counts masked passes."""
    job = plan(layers, texts, maskable, baselines, limits, work_unit)
    found, done, total = {}, 0, job.facts().passes
    for unit in units(job):
        found[unit] = unit_importances(source, job, unit)
        done += masked_passes(job, unit)
        progress(done, total)
    return gathered(job, found.__getitem__)
