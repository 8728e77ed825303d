"""Points of all features as the bytes that the browser draws: computed once per atlas, sent once to each browser.

Little-endian: 8 bytes, a hash of the rest; n_features and n_neurons, uint32; x and y of each feature, uint16; the
number of features of each neuron, uint16, which maps the index of a point to its neuron and feature; the size of each
feature, uint8, an index in SIZES; the class of each neuron, uint8, an index in CLASSES.
"""

import hashlib
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32, Int

from ne_core.atlas import Atlas
from ne_core.method.classes import neuron_classes, second_sizes
from pages.components.cached.per_atlas import per_atlas

STEPS = 2**16 - 1  # steps from one end of the map to the other
MARGIN = 0.02  # empty share of the map's side around its points
SIZES = ("1", "2–3", "4–7", "8–15", "16–31", "32–63", "64 or more")

Box = tuple[float, float, float, float]  # left, right, bottom, top


@dataclass(frozen=True)
class Points:
    """`positions` of the features, 0 to 1 from the left and from below; `payload`, the bytes that the browser draws."""

    key: str
    positions: Float32[np.ndarray, "n 2"] = field(repr=False)
    payload: bytes = field(repr=False)

    def within(self, box: Box) -> Bool[np.ndarray, " n"]:
        (x, y), (left, right, bottom, top) = self.positions.T, box
        return (left <= x) & (x <= right) & (bottom <= y) & (y <= top)


@per_atlas(spinner="Placing the features …")
def points_of(atlas: Atlas) -> Points:
    positions, neurons, size = map_positions(atlas), atlas.neurons, atlas.features["size"]
    second = second_sizes(neurons["n_features"], size)
    columns = (
        np.array([len(positions), len(second)], dtype="<u4"),
        np.rint(positions * STEPS).astype("<u2"),
        neurons["n_features"].astype("<u2"),
        size_steps(size).astype("u1"),
        neuron_classes(neurons, second, atlas.manifest.default_cut).astype("u1"),
    )
    content = b"".join(column.tobytes() for column in columns)
    key = hashlib.sha256(content).digest()[:8]
    return Points(key.hex(), positions, key + content)


def map_positions(atlas: Atlas) -> Float32[np.ndarray, "n 2"]:
    """Scale the atlas's layout to the unit square, with one scale for both axes, centred."""
    layout = np.column_stack([atlas.features["map_x"], atlas.features["map_y"]]).astype(np.float32)
    if not len(layout):
        return layout
    low, high = layout.min(axis=0), layout.max(axis=0)
    scale = (1 - 2 * MARGIN) / max(float((high - low).max()), 1e-9)
    return np.clip(0.5 + (layout - (low + high) / 2) * scale, 0, 1).astype(np.float32)


def size_steps(size: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Index of each size in SIZES: its base-2 logarithm, rounded down."""
    return np.minimum(np.log2(np.maximum(size, 1)).astype(np.int64), len(SIZES) - 1)


def largest(size: Int[np.ndarray, " n"], among: Bool[np.ndarray, " n"], count: int) -> list[int]:
    """Ids of the `count` largest features among some, largest first; ties by id."""
    ids = np.flatnonzero(among)
    if len(ids) > count:
        ids = ids[size[ids] >= np.partition(size[ids], -count)[-count]]
    return ids[np.argsort(-size[ids], kind="stable")[:count]].tolist()
