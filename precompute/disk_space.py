"""Disk space that a build needs, in bytes, checked before the corpus is read.

The part that depends only on the model is exact. The number of activating examples is known only after collection: at
most `max_examples` per neuron, so the other part is an upper bound.
"""

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from ne_core.amounts import megabytes
from ne_core.atlas.schema import INPUTS, LAYER, Array
from ne_core.sharing.destination import destination
from precompute.config import ConfigError, RunConfig
from precompute.models.source import Source

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DiskSpace:
    """Lower and upper bound of the bytes that a build needs."""

    least: int
    most: int


def disk_space_needed(config: RunConfig, source: Source, n_baselines: int) -> DiskSpace:
    least, most = 0, 2 * config.examples * config.context * np.dtype(np.int32).itemsize  # of tokens: run and atlas
    back, forward = config.window
    for number in source.layers:
        weights = source.layer(number)
        sizes = {"n_neurons": weights.n_neurons, "d_in": weights.d_in, "n_back": back, "n_window": back + forward}
        sizes |= {"n_baselines": n_baselines, "n_pairs": weights.d_in * (weights.d_in + 1) // 2}
        n_rows = weights.n_neurons * min(config.max_examples, config.examples)
        n_copies = 1 + config.inputs  # of x: in the run folder, and in the atlas
        least += size_of(LAYER, sizes | {"n_rows": 0, "n_merges": 0})
        most += size_of(LAYER, sizes | {"n_rows": n_rows, "n_merges": n_rows})
        most += n_copies * size_of([INPUTS], sizes | {"n_kept": min(n_rows, config.examples * config.context)})
    return DiskSpace(least, most)


def size_of(arrays: Sequence[Array], sizes: Mapping[str, int]) -> int:
    """Return the bytes of arrays; an unknown dimension counts as 1."""
    return sum(
        np.dtype(array.dtype).itemsize * prod(sizes.get(d, 1) if isinstance(d, str) else d for d in array.shape)
        for array in arrays
    )


def check_disk_space(out: Path, needed: DiskSpace) -> None:
    """Raise ConfigError if the disk is certainly too small; log a warning if it may be."""
    folder = next(parent for parent in destination(out).parents if parent.exists())
    free = shutil.disk_usage(folder).free
    available = f"{folder} has {megabytes(free)} free"
    if free < needed.least:
        raise ConfigError(f"{available}, the atlas takes at least {megabytes(needed.least)}: name another --out")
    if free < needed.most:
        logger.warning("%s, this build may take up to %s there", available, megabytes(needed.most))
