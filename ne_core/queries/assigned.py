"""Inputs that an atlas has not seen, among the features of its neurons: ne_core/method/assignment.py, of an atlas."""

from collections import OrderedDict
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas
from ne_core.method.assignment import Assigned, FeatureMeans, assign, feature_means
from ne_core.method.cluster import unit
from ne_core.method.embeddings import Embedder, combined, reads_weights
from ne_core.refs import NeuronRef

MOST_BYTES = 2**28  # of means that are remembered
AT_ONCE = 256  # neurons whose examples are read together

Known = tuple[np.ndarray, np.ndarray]  # of one neuron: means and limits of its features


class Assigner:
    """Assigns inputs to the features of an atlas that holds inputs. It remembers the means of neurons it has met."""

    def __init__(self, atlas: Atlas, most_bytes: int = MOST_BYTES):
        self.atlas, self.most_bytes = atlas, most_bytes
        self.space = atlas.manifest.embedding
        self.known: OrderedDict[tuple[int, int, float | None], Known] = OrderedDict()
        self.bytes = 0
        self.embedder = lru_cache(maxsize=None)(atlas.embedder)

    def __call__(
        self, layer: int, neuron: Int[np.ndarray, " k"], x: Float[np.ndarray, "k d"], distance: float | None = None
    ) -> Assigned:
        """The feature of each input, in the order given; `distance` is where trees are cut, None for the atlas's cut.

        Raises AtlasError where the atlas holds no inputs.
        """
        neurons, of = np.unique(neuron, return_inverse=True)
        features = self.means(layer, neurons, distance)
        return assign(self.units(layer, neurons, of, x), of, features)

    def units(
        self, layer: int, neurons: Int[np.ndarray, " n"], of: Int[np.ndarray, " k"], x: Float[np.ndarray, "k d"]
    ) -> Float[np.ndarray, "k d"]:
        """Unit embeddings of inputs, each as neuron `neurons[of]` has it; of x as the atlas stores it, in float16."""
        embedder = self.embedder(layer)
        inputs = embedder.inputs(self.space, x.astype(np.float16).astype(np.float32))
        if reads_weights(self.space):
            inputs = self.weighted(embedder, layer, neurons, of, inputs)
        return unit(inputs)

    def weighted(
        self, embedder: Embedder, layer: int, neurons: Int[np.ndarray, " n"], of: Int[np.ndarray, " k"], inputs
    ) -> Float[np.ndarray, "k d"]:
        """Embed inputs of several neurons, each by the weights of its own."""
        W = embedder.weights(self.space, self.atlas.weights(layer).W_in[:, neurons].astype(np.float32))
        embedded = np.empty(inputs.shape, dtype=np.float32)
        for number in range(len(neurons)):
            mine = of == number
            embedded[mine] = combined(self.space, inputs[mine], W[:, number])
        return embedded

    def means(self, layer: int, neurons: Int[np.ndarray, " n"], distance: float | None) -> FeatureMeans:
        """Of some neurons of a layer, in that order."""
        new = [n for n in neurons.tolist() if (layer, n, distance) not in self.known]
        made: dict[int, Known] = {}
        for start in range(0, len(new), AT_ONCE):
            made |= self.made(layer, new[start : start + AT_ONCE], distance)
        features = [made.get(n) or self.recalled((layer, n, distance)) for n in neurons.tolist()]
        for n, known in made.items():
            self.remember((layer, n, distance), known)
        means, limits = zip(*features, strict=True) if features else ([np.zeros((0, 1), np.float32)], [np.zeros(0)])
        starts = np.cumsum([0, *map(len, limits)]) if features else np.zeros(1, dtype=np.int64)
        return FeatureMeans(starts, np.concatenate(means), np.concatenate(limits))

    def made(self, layer: int, neurons: list[int], distance: float | None) -> dict[int, Known]:
        """From the examples of some neurons, read from disk."""
        inputs, offsets = self.atlas.layer_inputs(layer), self.atlas.files[layer].offsets
        rows = [np.arange(*offsets[n : n + 2]) for n in neurons]
        of = np.repeat(np.arange(len(neurons)), [len(each) for each in rows])
        labels = [self.labels(NeuronRef(layer, n), distance) for n in neurons]
        units = self.units(layer, np.array(neurons), of, inputs.x[inputs.index[np.concatenate(rows)]])
        by_neuron = np.split(units, np.cumsum([len(each) for each in rows])[:-1])
        return {n: feature_means(members, feature, int(feature.max(initial=-1)) + 1)
                for n, members, feature in zip(neurons, by_neuron, labels, strict=True)}  # fmt: skip

    def labels(self, ref: NeuronRef, distance: float | None) -> Int[np.ndarray, " n"]:
        """The feature of each of its examples."""
        neuron = self.atlas.neuron(ref)
        return (neuron.feature if distance is None else neuron.features(distance)).astype(np.int64)

    def recalled(self, key: tuple[int, int, float | None]) -> Known:
        """Return what is remembered of a neuron at a cut."""
        self.known.move_to_end(key)
        return self.known[key]

    def remember(self, key: tuple[int, int, float | None], known: Known) -> None:
        """Remember a neuron; the least recently used ones are dropped where there are too many."""
        self.known[key] = known
        self.bytes += known[0].nbytes
        while self.bytes > self.most_bytes and len(self.known) > 1:
            _, (mean, _) = self.known.popitem(last=False)
            self.bytes -= mean.nbytes
