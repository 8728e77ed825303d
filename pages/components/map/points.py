"""Every feature as a point, in the bytes that the browser draws: made once for each atlas, sent once to each browser.

Little-endian: 8 bytes that name the rest; n_features and n_neurons, uint32; x and y of each feature, uint16; the number
of features of each neuron, uint16, from which a point's number gives its neuron and feature; the size of each feature,
uint8, as a place in SIZES; the class of each neuron, uint8, as a place in CLASSES.
"""

import hashlib
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32, Int

from ne_core.atlas import Atlas
from ne_core.method.classes import neuron_classes, second_sizes
from pages.components.cached.per_atlas import per_atlas

STEPS = 2**16 - 1  # from one end of the map to the other
MARGIN = 0.02  # of the map's side, around its points
SIZES = ("1", "2–3", "4–7", "8–15", "16–31", "32–63", "64 or more")

Box = tuple[float, float, float, float]  # left, right, bottom, top


@dataclass(frozen=True)
class Points:
    """`at` is where each feature stands, 0 to 1 from the left and from below; `payload` is what is drawn."""

    key: str
    at: Float32[np.ndarray, "n 2"] = field(repr=False)
    payload: bytes = field(repr=False)

    def within(self, box: Box) -> Bool[np.ndarray, " n"]:
        (x, y), (left, right, bottom, top) = self.at.T, box
        return (left <= x) & (x <= right) & (bottom <= y) & (y <= top)


@per_atlas(spinner="Placing the features …")
def points_of(atlas: Atlas) -> Points:
    at, neurons, size = places(atlas), atlas.neurons, atlas.features["size"]
    second = second_sizes(neurons["n_features"], size)
    columns = (
        np.array([len(at), len(second)], dtype="<u4"),
        np.rint(at * STEPS).astype("<u2"),
        neurons["n_features"].astype("<u2"),
        size_steps(size).astype("u1"),
        neuron_classes(neurons, second, atlas.manifest.default_cut).astype("u1"),
    )
    told = b"".join(column.tobytes() for column in columns)
    name = hashlib.sha256(told).digest()[:8]
    return Points(name.hex(), at, name + told)


def places(atlas: Atlas) -> Float32[np.ndarray, "n 2"]:
    """The atlas's layout in a square, both ways to one scale; what has no extent is in the middle."""
    at = np.column_stack([atlas.features["map_x"], atlas.features["map_y"]]).astype(np.float32)
    if not len(at):
        return at
    low, high = at.min(axis=0), at.max(axis=0)
    scale = (1 - 2 * MARGIN) / max(float((high - low).max()), 1e-9)
    return np.clip(0.5 + (at - (low + high) / 2) * scale, 0, 1).astype(np.float32)


def size_steps(size: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """How often each size doubles 1: places in SIZES."""
    return np.minimum(np.log2(np.maximum(size, 1)).astype(np.int64), len(SIZES) - 1)


def largest(size: Int[np.ndarray, " n"], among: Bool[np.ndarray, " n"], count: int) -> list[int]:
    """The largest features of some; of one size, in their order."""
    ids = np.flatnonzero(among)
    if len(ids) > count:
        ids = ids[size[ids] >= np.partition(size[ids], -count)[-count]]
    return ids[np.argsort(-size[ids], kind="stable")[:count]].tolist()
