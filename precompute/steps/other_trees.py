"""Trees of the paper's embedding beside those of the atlas's own, so that readers without inputs can see both.

A unit of work has the neurons of a unit of features (features.py). Atlases of the paper's embedding need none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ne_core.atlas.manifest import OtherTrees
from ne_core.method.embeddings import REFERENCE, default_cut
from precompute.config import RunConfig
from precompute.run.step import Step
from precompute.run.work import Load, Work
from precompute.steps.features import Chunk, FeaturesJob, chunk_features, unit_ranges, work_of_units
from precompute.steps.rows import CollectedLayer

Columns = Mapping[str, np.ndarray]  # of one layer or unit, by name of schema.OTHER_TREES


@dataclass(frozen=True)
class StoredTrees:
    """Columns of every layer, and their embedding and cut."""

    facts: OtherTrees
    by_layer: Mapping[int, Columns]


def work_other_trees(job: FeaturesJob, chunk: Chunk) -> Columns:
    """Return the columns of a unit."""
    features = chunk_features(chunk, job.cut, job.space)
    return {
        "other_trees": features.trees,
        "other_merge_central": features.merge_central,
        "other_center_distance": features.center_distance,
        "other_suggested_cut": features.suggested_cut,
    }


def other_trees_work(config: RunConfig, rows: Sequence[CollectedLayer]) -> Work | None:
    if config.embedding == REFERENCE:
        return None
    return work_of_units(work_other_trees, FeaturesJob(default_cut(REFERENCE), REFERENCE), rows)


def all_other_trees(rows: Sequence[CollectedLayer], work: Work | None, load: Load) -> StoredTrees | None:
    """Join the units of each layer; None without work."""
    if work is None:
        return None
    ranges = unit_ranges([len(layer.rows.maxima) for layer in rows])
    by_layer = {
        layer.rows.layer: joined([load(unit) for unit in units]) for layer, units in zip(rows, ranges, strict=True)
    }
    return StoredTrees(OtherTrees(work.job.space, work.job.cut), by_layer)


def joined(units: Sequence[Columns]) -> Columns:
    return {name: np.concatenate([unit[name] for unit in units]) for name in units[0]}


STEP = Step("other_trees", "trees of the paper’s embedding", "neurons", all_other_trees, other_trees_work)
