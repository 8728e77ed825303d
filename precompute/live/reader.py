"""An atlas with the model that it was made of: what every answer starts from."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas
from ne_core.live.requests import LiveError
from ne_core.queries.assigned import Assigner
from ne_core.refs import NeuronRef
from precompute.live.text import Text, text_of
from precompute.models.live_source import LiveSource
from precompute.models.of_atlas import open_model_of

CUT = "The text is longer than the {} tokens that are read: what follows them is left out."
NO_INPUTS = "This atlas holds no inputs of its examples: activations are given, meanings are not."


@dataclass(frozen=True)
class Reader:
    """`notes` are what is not known for certain of the two, or not to be had of them."""

    atlas: Atlas
    source: LiveSource
    notes: tuple[str, ...]

    def text(self, text: str) -> Text:
        return text_of(self.source, text)

    def notes_of(self, text: Text) -> tuple[str, ...]:
        """With what is to be said of a text."""
        return self.notes + ((CUT.format(len(text)),) if text.cut else ())

    @cached_property
    def assigner(self) -> Assigner | None:
        """None where the atlas holds no inputs."""
        return Assigner(self.atlas) if self.atlas.manifest.inputs else None

    @cached_property
    def maxima(self) -> dict[int, Float[np.ndarray, " n_neurons"]]:
        """By layer, the activations that shares are of; infinite where a neuron is dead and has none."""
        maximum, layer = self.atlas.neurons["maximum"], self.atlas.neurons["layer"]
        alive = np.isfinite(maximum) & (maximum > 0)
        return {each: np.where(alive, maximum, np.inf)[layer == each] for each in self.atlas.layers}

    def mean(self, layer: int) -> Float[np.ndarray, " d_in"]:
        """Of x over the layer's sample."""
        return self.atlas.files[layer].columns["input_mean"]

    @cached_property
    def vocab(self) -> int:
        """Number of tokens that have a text; a model may have logits beyond them."""
        return len(self.atlas.vocab)

    def ref(self, layer: int, neuron: int) -> NeuronRef:
        """A neuron of the atlas. Raises LiveError where it has none such."""
        units, layers = self.atlas.manifest.units, self.atlas.layers
        if layer not in layers:
            raise LiveError(f"layer={layer}: this atlas has the layers {', '.join(map(str, layers))}")
        if not 0 <= neuron < self.atlas.n_neurons(layer):
            raise LiveError(f"neuron={neuron}: layer {layer} has {units} 0 to {self.atlas.n_neurons(layer) - 1}")
        return NeuronRef(layer, neuron)

    def position(self, text: Text, pos: int) -> int:
        """A position of the text. Raises LiveError for another."""
        if not 0 <= pos < len(text):
            raise LiveError(f"pos={pos}: the text has the positions 0 to {len(text) - 1}")
        return pos

    def features(self, ref: NeuronRef, distance: float | None) -> Int[np.ndarray, " n"]:
        """The feature of each of a neuron's examples at a cut, None for the atlas's own."""
        neuron = self.atlas.neuron(ref)
        return np.asarray(neuron.feature if distance is None else neuron.features(distance), dtype=np.int64)


def open_reader(atlas: Path | Atlas, device: str = "cpu", model: str | None = None) -> Reader:
    """Open an atlas with `model`, or the one that is found by its name.

    Raises AtlasError for what is no atlas, NoModelError where its model is not to be had.
    """
    atlas = atlas if isinstance(atlas, Atlas) else Atlas.open(atlas)
    opened = open_model_of(atlas, device, model)
    return Reader(atlas, opened.source, opened.notes + (() if atlas.manifest.inputs else (NO_INPUTS,)))
