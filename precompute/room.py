"""Is there room on the disk for what a build writes? In bytes, before the corpus is read.

What depends on the model alone is needed for certain. How many examples are kept is known only when all are read: at
most `max_examples` of each neuron, so that the rest is a bound.
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
class Room:
    """Bytes: what is needed whatever is found, and what can be needed at most."""

    least: int
    most: int


def room_needed(config: RunConfig, source: Source, n_baselines: int) -> Room:
    least, most = 0, 2 * config.examples * config.context * np.dtype(np.int32).itemsize  # of tokens: run and atlas
    back, forward = config.window
    for number in source.layers:
        weights = source.layer(number)
        sizes = {"n_neurons": weights.n_neurons, "d_in": weights.d_in, "n_back": back, "n_window": back + forward}
        sizes |= {"n_baselines": n_baselines, "n_pairs": weights.d_in * (weights.d_in + 1) // 2}
        n_rows = weights.n_neurons * min(config.max_examples, config.examples)
        kept = 1 + config.inputs  # of x: in the run folder, and in the atlas
        least += size_of(LAYER, sizes | {"n_rows": 0, "n_merges": 0})
        most += size_of(LAYER, sizes | {"n_rows": n_rows, "n_merges": n_rows})
        most += kept * size_of([INPUTS], sizes | {"n_kept": min(n_rows, config.examples * config.context)})
    return Room(least, most)


def size_of(arrays: Sequence[Array], sizes: Mapping[str, int]) -> int:
    """Bytes of arrays; a dimension that is not known counts as 1."""
    return sum(
        np.dtype(each.dtype).itemsize * prod(sizes.get(d, 1) if isinstance(d, str) else d for d in each.shape)
        for each in arrays
    )


def check_room(out: Path, room: Room) -> None:
    """Raises ConfigError where it cannot be enough; a warning where it may not be."""
    place = next(folder for folder in destination(out).parents if folder.exists())
    free = shutil.disk_usage(place).free
    figures = f"{place} has {megabytes(free)} free"
    if free < room.least:
        raise ConfigError(f"{figures}, the atlas takes at least {megabytes(room.least)}: name another --out")
    if free < room.most:
        logger.warning("%s, this build may take up to %s there", figures, megabytes(room.most))
