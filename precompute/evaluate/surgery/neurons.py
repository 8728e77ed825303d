"""Surgery on one neuron, in every space and at every cut: the share of activation that its examples lose."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas import Atlas
from ne_core.method.embeddings import EMBEDDINGS, Embedder
from ne_core.method.trees.cluster import similarities, tree
from ne_core.refs import NeuronRef
from precompute.evaluate.surgery.cuts import cut_to, testable_cut
from precompute.evaluate.surgery.directions import FITS, KINDS, METHODS, Examples, Trial, share_read, trials

SEED = 0
SPACES = tuple(EMBEDDINGS)
CUTS = (("testable", 2), ("testable", 3), ("testable", 4), ("features", 2), ("features", 4), ("features", 8))
MAIN = 0  # index in CUTS of the comparison with controls and losses
# (layer, inputs, neuron of each input) -> activations
Activations = Callable[[int, np.ndarray, np.ndarray], np.ndarray]
FITTED = tuple((method, FITS[0]) for method in METHODS)


@dataclass(frozen=True)
class Neuron:
    """One neuron: its examples, their positions, and its weights."""

    ref: NeuronRef
    examples: Examples
    example: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    w: Float[np.ndarray, " d_in"]


@dataclass(frozen=True)
class PlacedTrial:
    """A trial on features in SPACES[space] at CUTS[cut]."""

    space: int
    cut: int
    trial: Trial

    @property
    def place(self) -> tuple[int, int, int]:
        """Index in an array of spaces, cuts and kinds."""
        return self.space, self.cut, self.trial.kind


@dataclass(frozen=True)
class Features:
    """Features of a neuron's examples, in SPACES[space] at CUTS[cut]."""

    space: int
    cut: int
    features: Int[np.ndarray, " n"]


@dataclass(frozen=True)
class Loss:
    """Shares of activation lost by the feature's held-out examples and by its siblings', and |w·u| / |w|.

    Means over features; NaN without a trial.
    """

    feature: Float[np.ndarray, "spaces cuts kinds"]
    siblings: Float[np.ndarray, "spaces cuts kinds"]
    read: Float[np.ndarray, "spaces cuts kinds"]


def load_neuron(atlas: Atlas, ref: NeuronRef) -> Neuron:
    """Read a neuron's examples and weights from the atlas."""
    stored, x = atlas.neuron(ref), atlas.neuron_inputs(ref).astype(np.float32)
    order = np.random.default_rng((SEED, ref.layer, ref.neuron)).permutation(len(x))
    examples = Examples(x, atlas.input_statistics(ref.layer).mean, order)
    w = atlas.weights(ref.layer).W_in[:, ref.neuron].astype(np.float32)
    return Neuron(ref, examples, stored.example.astype(np.int64), stored.pos.astype(np.int64), w)


def clusterings(neuron: Neuron, embedder: Embedder, min_size: int) -> Iterator[Features]:
    """Yield the features in every space, at every cut that its tree has."""
    for space_index, space in enumerate(SPACES):
        linkage = tree(similarities(embedder(space, neuron.examples.x, neuron.w)))
        for cut_index, (rule, k) in enumerate(CUTS):
            features = testable_cut(linkage, k, min_size) if rule == "testable" else cut_to(linkage, k)
            if features is not None:
                yield Features(space_index, cut_index, features)


def placed_trials(neuron: Neuron, all_features: list[Features], min_size: int) -> list[PlacedTrial]:
    """Trials of all clusterings; controls only in the main comparison, elsewhere they would show the same."""
    rng = np.random.default_rng((SEED, neuron.ref.layer, neuron.ref.neuron, 1))
    return [
        PlacedTrial(each.space, each.cut, trial)
        for each in all_features
        for trial in trials(neuron.examples, each.features, min_size, KINDS if each.cut == MAIN else FITTED, rng)
    ]


def lost_shares(neuron: Neuron, placed: list[PlacedTrial], activations_on: Activations) -> Loss:
    """Shares lost, from the layer's own MLP: the activation at a token is a function of x there alone."""
    layer, x = neuron.ref.layer, [neuron.examples.x, *(each.trial.x for each in placed)]
    all_x = np.concatenate(x)
    activations = activations_on(layer, all_x, np.full(len(all_x), neuron.ref.neuron))
    clean, *after = np.split(activations.astype(np.float64), np.cumsum([len(each) for each in x])[:-1])
    shares = [drops(clean[each.trial.rows], a, each.trial.in_feature) for each, a in zip(placed, after, strict=True)]
    columns = np.array(
        [(*share, share_read(neuron.w, each.trial.u)) for share, each in zip(shares, placed, strict=True)]
    )
    return Loss(*(by_place(places(placed), column) for column in columns.reshape(-1, 3).T))


def drops(
    clean: Float[np.ndarray, " k"], after: Float[np.ndarray, " k"], in_feature: Bool[np.ndarray, " k"]
) -> tuple[float, float]:
    """1 − mean activation after / mean activation before, for the feature's examples and for its siblings'."""
    of_feature, of_siblings = (float(1 - after[mask].mean() / clean[mask].mean()) for mask in (in_feature, ~in_feature))
    return of_feature, of_siblings


def places(placed: list[PlacedTrial]) -> Int[np.ndarray, "trials 3"]:
    return np.array([each.place for each in placed], dtype=np.int64).reshape(-1, 3)


def by_place(
    place: Int[np.ndarray, "trials 3"], values: Float[np.ndarray, " trials"]
) -> Float[np.ndarray, "spaces cuts kinds"]:
    """Mean of the trials of each space, cut and kind; trials without a value are left out."""
    total, count = (np.zeros((len(SPACES), len(CUTS), len(KINDS))) for _ in range(2))
    known = np.isfinite(values)
    np.add.at(total, tuple(place.T), np.where(known, values, 0))
    np.add.at(count, tuple(place.T), known)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
