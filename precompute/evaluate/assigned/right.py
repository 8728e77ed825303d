"""Held-out examples beside what the tree would have made of them, and planted ones beside their source."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas
from ne_core.method.assignment import FeatureMeans, assign, feature_means
from ne_core.method.cluster import cut, cut_into, similarities, tree, unit
from ne_core.method.embeddings import combined
from ne_core.refs import NeuronRef
from precompute.evaluate.assigned.beyond import Beyond
from precompute.evaluate.planted.sources import COUNTS, PLANTINGS, Planted, pool_of
from precompute.live.reader import Reader

ALONE = -1  # a feature of its own


@dataclass(frozen=True)
class Right:
    """Of held-out examples: the feature given, and what the tree with each in it makes of it; ALONE for its own.

    `by_distance`: cut at the atlas's distance; `by_number`: into as many features as there are.
    """

    given: Int[np.ndarray, " n"]
    by_distance: Int[np.ndarray, " n"]
    by_number: Int[np.ndarray, " n"]
    unlike: Int[np.ndarray, " n"]

    def share(self, expected: Int[np.ndarray, " n"]) -> float:
        """Of those that the tree puts into a feature, how many are given that one."""
        joined = expected != ALONE
        return mean((self.given == expected)[joined])

    @property
    def alone(self) -> float:
        """The share that the tree, cut at a distance, gives a feature of its own."""
        return mean(self.by_distance == ALONE)

    @property
    def unlike_rate(self) -> float:
        """The share that is unlike anything seen."""
        return mean(self.unlike)


def mean(values: np.ndarray) -> float:
    """NaN of none."""
    return float(values.mean()) if len(values) else float("nan")


def right_of(reader: Reader, held_out: Sequence[Beyond]) -> Right:
    """scipy's average linkage is made anew with each example added."""
    columns: list[tuple[int, int, int, int]] = []
    for part in held_out:
        assigned_to = reader.assigner(part.layer, part.neuron, part.x)
        for at in range(len(part.neuron)):
            ref = NeuronRef(part.layer, int(part.neuron[at]))
            expected = with_it(reader, ref, part.x[at : at + 1])
            columns.append((int(assigned_to.feature[at]), *expected, int(assigned_to.unlike[at])))
    return Right(*np.array(columns, dtype=np.int64).reshape(-1, 4).T)


def with_it(reader: Reader, ref: NeuronRef, x: Float[np.ndarray, "1 d_in"]) -> tuple[int, int]:
    """The feature of an example that is added to a neuron's, by both cuts."""
    atlas, neuron = reader.atlas, reader.atlas.neuron(ref)
    every = np.concatenate([np.asarray(atlas.neuron_inputs(ref), np.float32), x.astype(np.float16).astype(np.float32)])
    w = atlas.weights(ref.layer).W_in[:, ref.neuron].astype(np.float32)
    whole = tree(similarities(reader.assigner.embedder(ref.layer)(atlas.manifest.embedding, every, w)))
    cuts = cut(whole, atlas.manifest.default_cut), cut_into(whole, int(neuron.feature.max()) + 1)
    return tuple(joined(labels, np.asarray(neuron.feature, dtype=np.int64)) for labels in cuts)


def joined(labels: Int[np.ndarray, " n_and_one"], feature: Int[np.ndarray, " n"]) -> int:
    """The feature most common among the examples that share a cluster with the last one."""
    with_it = feature[labels[:-1] == labels[-1]]
    return int(np.bincount(with_it).argmax()) if len(with_it) else ALONE


def planted_right(atlas: Atlas, kind: str, n: int, seed: int = 0) -> float:
    """The share of held-out planted examples, every second one of a source, that are given their source.

    `n` plantings of each layer, of several sources; `kind` is one of PLANTINGS.
    """
    rng, right = np.random.default_rng(seed), []
    for layer in atlas.layers:
        pool, embedder = pool_of(atlas, layer), atlas.embedder(layer)
        for number in range(n):
            counts = [k for k in COUNTS[kind] if k > 1]
            planted = PLANTINGS[kind](pool, rng, counts[number % len(counts)], number % 2)
            if planted is not None:
                w = unit(planted.weights.T).sum(axis=0)
                space = atlas.manifest.embedding
                inputs, weights = embedder.inputs(space, planted.x), embedder.weights(space, w[:, None])[:, 0]
                right.append(sources_right(planted, unit(combined(space, inputs, weights))))
    return float(np.concatenate(right).mean()) if right else float("nan")


def sources_right(planted: Planted, units: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " held_out"]:
    held = np.arange(len(units)) % 2 == 1
    starts = np.array([0, planted.n_sources])
    features = FeatureMeans(starts, *feature_means(units[~held], planted.source[~held], planted.n_sources))
    assigned_to = assign(units[held], np.zeros(int(held.sum()), dtype=np.int64), features)
    return (assigned_to.feature == planted.source[held]).astype(np.float64)
