"""An atlas opened together with its model, the input of every answer."""

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

CUT = "The text is too long: only its first {} tokens are read."
NO_INPUTS = "This atlas holds no inputs, so firings cannot be assigned to features: build it with --inputs yes."


@dataclass(frozen=True)
class Reader:
    """Atlas and model. `notes` are sentences for the visitor on what is uncertain about them, or missing."""

    atlas: Atlas
    source: LiveSource
    notes: tuple[str, ...]

    def text(self, text: str) -> Text:
        return text_of(self.source, text)

    def notes_of(self, text: Text) -> tuple[str, ...]:
        """Return the notes, with those about the text."""
        return self.notes + ((CUT.format(len(text)),) if text.cut else ())

    @cached_property
    def assigner(self) -> Assigner | None:
        """Assigner to features; None if the atlas holds no inputs."""
        return Assigner(self.atlas) if self.atlas.manifest.inputs else None

    @cached_property
    def maxima(self) -> dict[int, Float[np.ndarray, " n_neurons"]]:
        """Maximum activation of each neuron, by layer; infinite for dead neurons, which never fire."""
        maximum, layer = self.atlas.neurons["maximum"], self.atlas.neurons["layer"]
        alive = np.isfinite(maximum) & (maximum > 0)
        return {each: np.where(alive, maximum, np.inf)[layer == each] for each in self.atlas.layers}

    def mean(self, layer: int) -> Float[np.ndarray, " d_in"]:
        """Mean of x over the layer's sample."""
        return self.atlas.files[layer].columns["input_mean"]

    @cached_property
    def vocab(self) -> int:
        """Size of the vocabulary; a model may have logits for further ids, which have no text."""
        return len(self.atlas.vocab)

    def ref(self, layer: int, neuron: int) -> NeuronRef:
        """Check the numbers of a neuron. Raises LiveError if the atlas does not have it."""
        units, layers = self.atlas.manifest.units, self.atlas.layers
        if layer not in layers:
            raise LiveError(f"layer={layer}: this atlas has the layers {', '.join(map(str, layers))}")
        if not 0 <= neuron < self.atlas.n_neurons(layer):
            raise LiveError(f"neuron={neuron}: layer {layer} has {units} 0 to {self.atlas.n_neurons(layer) - 1}")
        return NeuronRef(layer, neuron)

    def position(self, text: Text, pos: int) -> int:
        """Check a position of the text. Raises LiveError if it is out of range."""
        if not 0 <= pos < len(text):
            raise LiveError(f"pos={pos}: the text has the positions 0 to {len(text) - 1}")
        return pos

    def features(self, ref: NeuronRef, distance: float | None) -> Int[np.ndarray, " n"]:
        """Feature of each of a neuron's examples at a cut, None for the atlas's cut."""
        neuron = self.atlas.neuron(ref)
        return np.asarray(neuron.feature if distance is None else neuron.features(distance), dtype=np.int64)


def open_reader(atlas: Path | Atlas, device: str = "cpu", model: str | None = None) -> Reader:
    """Open an atlas with `model`, or the one that is found by its name.

    Raises AtlasError for an invalid atlas, NoModelError if the model is missing.
    """
    atlas = atlas if isinstance(atlas, Atlas) else Atlas.open(atlas)
    model = open_model_of(atlas, device, model)
    return Reader(atlas, model.source, model.notes + (() if atlas.manifest.inputs else (NO_INPUTS,)))
