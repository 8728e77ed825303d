"""Sources without a model: from a table, or computed from the tokens before."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from ne_core.method.layer import NeuronLayer
from precompute.models.source import LayerPass, Readings, Source


class TableSource(Source):
    """Inputs and activations by token id: `x[layer]` and `activations[layer]` have a row for each id."""

    name, causal, device = "table", True, torch.device("cpu")

    def __init__(self, x: Mapping[int, np.ndarray], activations: Mapping[int, np.ndarray]):
        self.x, self.activations = x, activations
        self.layers = tuple(sorted(x))

    def layer(self, layer: int) -> NeuronLayer:
        shape = self.x[layer].shape[1], self.activations[layer].shape[1]
        return NeuronLayer(np.ones(shape, dtype=np.float32), np.zeros(shape[1], dtype=np.float32))

    def inputs(self, layer: int, x: torch.Tensor) -> torch.Tensor:
        return 2 * x  # like folding, changes the value that was read

    def read(self, tokens, lengths, visit: Callable[[LayerPass], None], layers: Sequence[int] | None = None) -> None:
        for layer in layers or self.layers:
            visit(LayerPass(layer, *(torch.from_numpy(t[layer])[tokens] for t in (self.x, self.activations))))


class LowMemorySource(Source):
    """Another source with memory for only `fits` examples at once."""

    def __init__(self, source: Source, fits: int):
        self.source, self.fits = source, fits
        self.name, self.causal, self.device, self.layers = source.name, source.causal, source.device, source.layers
        self.layer, self.inputs = source.layer, source.inputs

    def read(self, tokens, lengths, visit: Callable[[LayerPass], None], layers: Sequence[int] | None = None) -> None:
        if len(tokens) > self.fits:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        self.source.read(tokens, lengths, visit, layers)


class DriftingSource(Source):
    """Source whose x is a decaying sum of embeddings, so that a mask affects all later positions.

    Layer l multiplies x by (l + 1)²; neurons are rectified.
    """

    name, causal, device = "drifting", True, torch.device("cpu")

    def __init__(self, n_vocab: int = 30, d_in: int = 8, n_neurons: int = 12, layers: tuple[int, ...] = (0, 3)):
        rng = torch.Generator().manual_seed(0)
        self.layers = layers
        self.embedding = torch.randn(n_vocab, d_in, generator=rng)
        self.W_in = {layer: torch.randn(d_in, n_neurons, generator=rng) for layer in layers}
        self.passes = 0

    def layer(self, layer: int) -> NeuronLayer:
        W_in = self.W_in[layer].numpy()
        return NeuronLayer(W_in, np.zeros(W_in.shape[1], dtype=np.float32))

    def inputs(self, layer: int, x: torch.Tensor) -> torch.Tensor:
        return x

    def states(self, embedded: torch.Tensor, layer: int) -> torch.Tensor:
        x = torch.zeros_like(embedded)
        for t in range(embedded.shape[1]):
            x[:, t] = (x[:, t - 1] if t else 0) * 0.8 + embedded[:, t]
        return x * (layer + 1) ** 2

    def pass_of(self, embedded: torch.Tensor, layer: int) -> LayerPass:
        x = self.states(embedded, layer)
        return LayerPass(layer, x, torch.relu(x @ self.W_in[layer]))

    def read(self, tokens, lengths, visit: Callable[[LayerPass], None], layers: Sequence[int] | None = None) -> None:
        for layer in layers or self.layers:
            visit(self.pass_of(self.embedding[tokens], layer))

    def baselines(self, names: Sequence[str]) -> Mapping[str, torch.Tensor]:
        known = {"zero": torch.zeros(self.embedding.shape[1]), "mean-embedding": self.embedding.mean(dim=0)}
        return {name: known[name] for name in names}

    def read_masked(self, tokens, lengths, readings: Readings, baseline: torch.Tensor) -> np.ndarray:
        pairs, pair = np.unique(np.stack([readings.prompt, readings.masked]), axis=1, return_inverse=True)
        self.passes += pairs.shape[1]
        embedded = self.embedding[tokens[pairs[0]]].clone()
        embedded[np.arange(pairs.shape[1]), pairs[1]] = baseline
        values = np.empty(len(readings), dtype=np.float32)
        for layer in self.layers:
            rows = readings.layer == layer
            activations = self.pass_of(embedded, layer).activations.numpy()
            values[rows] = activations[pair.reshape(-1)[rows], readings.pos[rows], readings.neuron[rows]]
        return values
