"""RecordedSource: a source whose passes are looked up in a recording. Whatever needs the model itself is left out."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ne_core.method.layer import NeuronLayer
from precompute.models.recorded.files import RecordedError, Recording, read_recording
from precompute.models.source import Keys, LayerPass, Readings, Split
from precompute.models.text_source import MaskingMode, NotMaskedError

NO_MODEL = "it was built from recorded activations, without the model"


class RecordedSource:
    """Layers of a recording. Examples are recognised by their tokens: equal examples have equal activations."""

    weights = "raw"
    tokenizer = None
    gated = False
    device = torch.device("cpu")

    def __init__(self, recording: Recording, layers: Sequence[int] | None = None):
        self.recording, self.name, self.units = recording, recording.model, recording.units
        self.causal, self.n_ctx, self.n_embeddings = recording.causal, recording.tokens.shape[1], len(recording.vocab)
        self.layers = tuple(sorted(recording.layers if layers is None else layers))
        if missing := [layer for layer in self.layers if layer not in recording.layers]:
            names = ", ".join(map(str, recording.layers))
            raise RecordedError(f"layers: {recording.folder} has no layer {missing[0]}, it has {names}")

    @cached_property
    def row_of(self) -> dict[bytes, int]:
        """Row of each example by its tokens, the first of equal ones."""
        tokens, lengths = self.recording.tokens, self.recording.lengths
        keys = [row[:length].astype("<i8").tobytes() for row, length in zip(tokens, lengths.tolist(), strict=True)]
        return {key: row for row, key in reversed(list(enumerate(keys)))}

    def layer(self, layer: int) -> NeuronLayer:
        return self.recording.layers[layer].weights

    def inputs(self, layer: int, x: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        return x

    def read(
        self,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        visit: Callable[[LayerPass], None],
        layers: Sequence[int] | None = None,
    ) -> None:
        """Look the examples up. Raises RecordedError for an example that was not recorded."""
        n_pos = tokens.shape[1]
        keys = (row[:n].numpy().astype("<i8").tobytes() for row, n in zip(tokens, lengths.tolist(), strict=True))
        rows = [self.row_of.get(key) for key in keys]
        if None in rows:
            raise RecordedError(f"{self.recording.folder}: no activations of this text; {NO_MODEL}")
        for layer in self.layers if layers is None else sorted(layers):
            recorded = self.recording.layers[layer]
            x, activations = (
                torch.from_numpy(np.asarray(values[rows, :n_pos], np.float32))
                for values in (recorded.x, recorded.activations)
            )
            visit(LayerPass(layer, x, activations))

    def baselines(self, names: Sequence[str]) -> Mapping[str, Float[Tensor, " d_model"]]:
        return {}

    def default_baseline(self) -> str:
        return "mask-token"

    def masking_mode(self, n_pos: int) -> MaskingMode:
        raise NotMaskedError(NO_MODEL)

    def read_masked(self, tokens, lengths, readings: Readings, baseline) -> Float[np.ndarray, " n"]:
        raise RecordedError(NO_MODEL)

    def logit_effects(self, layer: int, k: int) -> None:
        return None

    def parts(self) -> str:
        return NO_MODEL

    def split(self, tokens, lengths, keys: Mapping[int, Keys]) -> dict[int, Split]:
        raise RecordedError(NO_MODEL)

    def facts(self, folder: Path, model_sha256: str) -> dict:
        return {}


def open_recorded(folder: str | Path, layers: Sequence[int] | None = None) -> RecordedSource:
    """Open a folder of recorded activations. Raises RecordedError."""
    return RecordedSource(read_recording(folder), layers)
