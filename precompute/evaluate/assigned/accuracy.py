"""Accuracy of assignment: unseen examples against a tree that includes them, and planted ones against their source."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas
from ne_core.method.assignment import FeatureMeans, assign, feature_means
from ne_core.method.embeddings import combined
from ne_core.method.trees.cluster import cut, cut_into, similarities, tree, unit
from ne_core.refs import NeuronRef
from precompute.evaluate.assigned.unseen import Unseen
from precompute.evaluate.planted.sources import COUNTS, PLANTINGS, Planted, pool_of
from precompute.live.reader import Reader

NEW_FEATURE = -1  # the tree makes the example a feature by itself


@dataclass(frozen=True)
class Assignments:
    """Features of unseen examples: the `assigned` one, and the one in a tree that includes the example, or NEW_FEATURE.

    `by_distance`: the tree is cut at the atlas's cut; `by_number`: into as many features as the neuron has.
    """

    assigned: Int[np.ndarray, " n"]
    by_distance: Int[np.ndarray, " n"]
    by_number: Int[np.ndarray, " n"]
    unlike: Int[np.ndarray, " n"]

    def accuracy(self, expected: Int[np.ndarray, " n"]) -> float:
        """Share assigned to the `expected` feature, among the examples that the tree puts into an existing feature."""
        joined = expected != NEW_FEATURE
        return mean((self.assigned == expected)[joined])

    @property
    def new_feature_rate(self) -> float:
        """Share of which the tree, cut at the atlas's cut, makes a feature of its own."""
        return mean(self.by_distance == NEW_FEATURE)

    @property
    def unlike_rate(self) -> float:
        """Share that is unlike its feature."""
        return mean(self.unlike)


def mean(values: np.ndarray) -> float:
    """Return the mean; NaN if there are no values."""
    return float(values.mean()) if len(values) else float("nan")


def assignments(reader: Reader, unseen: Sequence[Unseen]) -> Assignments:
    """Assign unseen examples, and compute for each the tree of its neuron's examples with this one added."""
    columns: list[tuple[int, int, int, int]] = []
    for part in unseen:
        assigned_to = reader.assigner(part.layer, part.neuron, part.x)
        for i in range(len(part.neuron)):
            ref = NeuronRef(part.layer, int(part.neuron[i]))
            expected = expected_features(reader, ref, part.x[i : i + 1])
            columns.append((int(assigned_to.feature[i]), *expected, int(assigned_to.unlike[i])))
    return Assignments(*np.array(columns, dtype=np.int64).reshape(-1, 4).T)


def expected_features(reader: Reader, ref: NeuronRef, x: Float[np.ndarray, "1 d_in"]) -> tuple[int, int]:
    """Return the feature of an example in the tree that includes it, for both cuts."""
    atlas, neuron = reader.atlas, reader.atlas.neuron(ref)
    every = np.concatenate([np.asarray(atlas.neuron_inputs(ref), np.float32), x.astype(np.float16).astype(np.float32)])
    w = atlas.weights(ref.layer).W_in[:, ref.neuron].astype(np.float32)
    whole = tree(similarities(reader.assigner.embedder(ref.layer)(atlas.manifest.embedding, every, w)))
    cuts = cut(whole, atlas.manifest.default_cut), cut_into(whole, int(neuron.feature.max()) + 1)
    return tuple(feature_joined(labels, np.asarray(neuron.feature, dtype=np.int64)) for labels in cuts)


def feature_joined(labels: Int[np.ndarray, " n_and_one"], feature: Int[np.ndarray, " n"]) -> int:
    """Return the most common feature among the examples in the cluster of the last one."""
    same_cluster = feature[labels[:-1] == labels[-1]]
    return int(np.bincount(same_cluster).argmax()) if len(same_cluster) else NEW_FEATURE


def planted_accuracy(atlas: Atlas, kind: str, n: int, seed: int = 0) -> float:
    """Share of held-out planted examples, every second one, that are assigned to their source.

    Measured on `n` plantings of several sources in each layer; `kind` is one of PLANTINGS.
    """
    rng, correct = np.random.default_rng(seed), []
    for layer in atlas.layers:
        pool, embedder = pool_of(atlas, layer), atlas.embedder(layer)
        for number in range(n):
            counts = [k for k in COUNTS[kind] if k > 1]
            planted = PLANTINGS[kind](pool, rng, counts[number % len(counts)], number % 2)
            if planted is not None:
                w = unit(planted.weights.T).sum(axis=0)
                space = atlas.manifest.embedding
                inputs, weights = embedder.inputs(space, planted.x), embedder.weights(space, w[:, None])[:, 0]
                correct.append(correct_sources(planted, unit(combined(space, inputs, weights))))
    return float(np.concatenate(correct).mean()) if correct else float("nan")


def correct_sources(planted: Planted, units: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n_held_out"]:
    """Return 1 for each held-out example assigned to its source, else 0."""
    held_out = np.arange(len(units)) % 2 == 1
    starts = np.array([0, planted.n_sources])
    means, limits = feature_means(units[~held_out], planted.source[~held_out], planted.n_sources)
    features = FeatureMeans(starts, means, limits)
    assigned_to = assign(units[held_out], np.zeros(int(held_out.sum()), dtype=np.int64), features)
    return (assigned_to.feature == planted.source[held_out]).astype(np.float64)
