"""Check the trees of a further embedding as those of the atlas's own are checked."""

from pathlib import Path

import numpy as np
from jaxtyping import Int

from ne_core.atlas.checks.members import check_central, intervals
from ne_core.atlas.checks.tables import HIGHEST as LARGEST
from ne_core.atlas.checks.tables import in_range, within
from ne_core.atlas.checks.trees import HIGHEST, check_trees


def check_other_trees(folder: Path, columns: dict[str, np.ndarray], counts: Int[np.ndarray, " n_neurons"]) -> None:
    """Raise AtlasError unless there is a valid tree of every neuron, with distances and cuts in range."""
    central, suggested = columns["other_merge_central"], columns["other_suggested_cut"]
    in_range(folder / "other_merge_central.npy", central, np.repeat(counts, np.maximum(counts - 1, 0)))
    check_trees(folder / "other_trees.npy", np.asarray(columns["other_trees"]), counts)
    within(folder / "other_center_distance.npy", columns["other_center_distance"], 0.0, HIGHEST)
    within(folder / "other_suggested_cut.npy", suggested[~np.isnan(suggested)], 1 - LARGEST, 1 + LARGEST)


def verify_other_trees(folder: Path, columns: dict[str, np.ndarray], counts: Int[np.ndarray, " n_neurons"]) -> None:
    """Raise AtlasError unless central examples are below their branch points, in trees that passed the checks."""
    branches = intervals(np.asarray(columns["other_trees"]), counts)
    check_central(folder / "other_merge_central.npy", branches, columns["other_merge_central"], counts)
