"""Features of one layer with what the measure needs: members, central examples as vectors, inputs to align by."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas import Atlas
from ne_core.method.alignment import Aligner, LayerInputs, aligners, position_number
from ne_core.method.embeddings import Embedder
from ne_core.method.trees.cluster import unit

SPACES = ("neuron", "pre_mlp", "standardised", "aligned")


@dataclass(frozen=True)
class LayerFeatures:
    """Features of one layer, a row each; of its rows, the position and the feature of each.

    `x`, `w` and `at_position` are of the central examples.
    """

    layer: int
    neuron: Int[np.ndarray, " n"]
    x: Float[np.ndarray, "n d"]
    w: Float[np.ndarray, "n d"]
    at_position: Int[np.ndarray, " n"]
    token: Int[np.ndarray, " n"]
    position: Int[np.ndarray, " n_rows"]
    feature: Int[np.ndarray, " n_rows"]
    inputs: Float[np.ndarray, "n_kept d"]
    embedder: Embedder

    def __len__(self) -> int:
        return len(self.neuron)

    @cached_property
    def positions(self) -> list[frozenset[int]]:
        """Positions of the examples of each feature."""
        order = np.argsort(self.feature, kind="stable")
        ends = np.cumsum(np.bincount(self.feature, minlength=len(self)))
        return [frozenset(part.tolist()) for part in np.split(self.position[order], ends[:-1])]

    @cached_property
    def texts(self) -> list[frozenset[int]]:
        """Texts of the examples of each feature."""
        return [frozenset(position >> 16 for position in positions) for positions in self.positions]

    @property
    def held_out(self) -> Bool[np.ndarray, " n"]:
        """Mask of the features whose central example layers are not aligned by."""
        return held_out(self.at_position)

    def fitted(self) -> LayerInputs:
        """Inputs that layers are aligned by."""
        positions = np.unique(self.position)
        rows = np.flatnonzero(~held_out(positions))
        return LayerInputs(positions[rows], np.asarray(self.inputs)[rows], self.embedder)

    def units(self, space: str, aligner: Aligner) -> Float[np.ndarray, "n d"]:
        """Central examples as unit vectors of one of SPACES."""
        vectors = {
            "neuron": lambda: self.x * self.w,
            "pre_mlp": lambda: self.x,
            "standardised": lambda: self.embedder.standardised(self.x),
            "aligned": lambda: aligner(self.x),
        }
        return unit(vectors[space]())


def held_out(position: Int[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Mask of the positions that layers are not aligned by: two texts in four, as alignment needs odd and even ones."""
    return (position >> 17) % 2 == 1


def layer_features(atlas: Atlas, layer: int) -> LayerFeatures:
    """Read a layer. Raises AtlasError for an atlas without inputs."""
    mask = atlas.features["layer"] == layer
    neuron, central = atlas.features["neuron"][mask], atlas.features["central"][mask]
    files, inputs = atlas.files[layer], atlas.layer_inputs(layer)
    example, pos, offsets = files.columns["example"], files.columns["pos"], files.offsets
    position, rows = position_number(example, pos), offsets[neuron] + central
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return LayerFeatures(
        layer,
        neuron,
        np.asarray(inputs.x[inputs.index[rows]], dtype=np.float32),
        np.asarray(files.columns["W_in"]).T[neuron].astype(np.float32),
        position[rows],
        atlas.tokens[example[rows], pos[rows]],
        position,
        np.searchsorted(neuron, owner) + files.columns["feature"],
        inputs.x,
        atlas.embedder(layer),
    )


def held_out_aligners(layers: list[LayerFeatures]) -> list[Aligner]:
    """Align layers by half of the texts."""
    return aligners([layer.fitted() for layer in layers])
