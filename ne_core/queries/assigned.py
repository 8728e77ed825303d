"""Assign new inputs to the features of an atlas's neurons, by ne_core/method/assignment.py."""

from collections import OrderedDict
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas
from ne_core.method.assignment import Assigned, FeatureMeans, assign, feature_means
from ne_core.method.embeddings import Embedder, combined, reads_weights
from ne_core.method.trees.cluster import unit
from ne_core.refs import NeuronRef

MOST_BYTES = 2**28  # size limit of the cached means
AT_ONCE = 256  # neurons whose examples are read together

CachedFeatures = tuple[np.ndarray, np.ndarray]  # means and limits of one neuron's features


class Assigner:
    """Assign inputs to the features of an atlas that holds inputs; means of features are cached by neuron and cut."""

    def __init__(self, atlas: Atlas, most_bytes: int = MOST_BYTES):
        self.atlas, self.most_bytes = atlas, most_bytes
        self.space = atlas.manifest.embedding
        self.cache: OrderedDict[tuple[int, int, float | None], CachedFeatures] = OrderedDict()
        self.bytes = 0
        self.embedder = lru_cache(maxsize=None)(atlas.embedder)

    def __call__(
        self, layer: int, neuron: Int[np.ndarray, " k"], x: Float[np.ndarray, "k d"], distance: float | None = None
    ) -> Assigned:
        """Assign each input, in their order; trees are cut at `distance`, None for the atlas's cut.

        Raises AtlasError if the atlas holds no inputs.
        """
        neurons, of = np.unique(neuron, return_inverse=True)
        features = self.means(layer, neurons, distance)
        return assign(self.units(layer, neurons, of, x), of, features)

    def units(
        self, layer: int, neurons: Int[np.ndarray, " n"], of: Int[np.ndarray, " k"], x: Float[np.ndarray, "k d"]
    ) -> Float[np.ndarray, "k d"]:
        """Embed each input for neuron `neurons[of]`, at length 1; x is rounded to float16, as the atlas stores it."""
        embedder = self.embedder(layer)
        inputs = embedder.inputs(self.space, x.astype(np.float16).astype(np.float32))
        if reads_weights(self.space):
            inputs = self.weighted(embedder, layer, neurons, of, inputs)
        return unit(inputs)

    def weighted(
        self, embedder: Embedder, layer: int, neurons: Int[np.ndarray, " n"], of: Int[np.ndarray, " k"], inputs
    ) -> Float[np.ndarray, "k d"]:
        """Embed the inputs of several neurons, each with its neuron's weights."""
        W = embedder.weights(self.space, self.atlas.weights(layer).W_in[:, neurons].astype(np.float32))
        embedded = np.empty(inputs.shape, dtype=np.float32)
        for number in range(len(neurons)):
            rows = of == number
            embedded[rows] = combined(self.space, inputs[rows], W[:, number])
        return embedded

    def means(self, layer: int, neurons: Int[np.ndarray, " n"], distance: float | None) -> FeatureMeans:
        """Means of the features of some neurons of a layer, in the order of the neurons."""
        new = [n for n in neurons.tolist() if (layer, n, distance) not in self.cache]
        computed: dict[int, CachedFeatures] = {}
        for start in range(0, len(new), AT_ONCE):
            computed |= self.computed_means(layer, new[start : start + AT_ONCE], distance)
        features = [computed.get(n) or self.cached((layer, n, distance)) for n in neurons.tolist()]
        for n, each in computed.items():
            self.store((layer, n, distance), each)
        means, limits = zip(*features, strict=True) if features else ([np.zeros((0, 1), np.float32)], [np.zeros(0)])
        starts = np.cumsum([0, *map(len, limits)]) if features else np.zeros(1, dtype=np.int64)
        return FeatureMeans(starts, np.concatenate(means), np.concatenate(limits))

    def computed_means(self, layer: int, neurons: list[int], distance: float | None) -> dict[int, CachedFeatures]:
        """Compute the means of some neurons from their examples, read from disk."""
        inputs, files = self.atlas.layer_inputs(layer), self.atlas.files[layer]
        rows = [np.r_[files.rows(n)] for n in neurons]
        of = np.repeat(np.arange(len(neurons)), [len(each) for each in rows])
        labels = [self.labels(NeuronRef(layer, n), distance) for n in neurons]
        units = self.units(layer, np.array(neurons), of, inputs.x[inputs.index[np.concatenate(rows)]])
        by_neuron = np.split(units, np.cumsum([len(each) for each in rows])[:-1])
        return {n: feature_means(members, feature, int(feature.max(initial=-1)) + 1)
                for n, members, feature in zip(neurons, by_neuron, labels, strict=True)}  # fmt: skip

    def labels(self, ref: NeuronRef, distance: float | None) -> Int[np.ndarray, " n"]:
        """Feature of each of the neuron's examples."""
        neuron = self.atlas.neuron(ref)
        return (neuron.feature if distance is None else neuron.features(distance)).astype(np.int64)

    def cached(self, key: tuple[int, int, float | None]) -> CachedFeatures:
        """Return the cached features of a neuron at a cut, and mark them as used last."""
        self.cache.move_to_end(key)
        return self.cache[key]

    def store(self, key: tuple[int, int, float | None], features: CachedFeatures) -> None:
        """Cache a neuron's features; the least recently used ones are dropped beyond the size limit."""
        self.cache[key] = features
        self.bytes += features[0].nbytes
        while self.bytes > self.most_bytes and len(self.cache) > 1:
            _, (mean, _) = self.cache.popitem(last=False)
            self.bytes -= mean.nbytes
