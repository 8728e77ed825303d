"""One neuron in every space, at every cut: what is taken out of its examples, and what it loses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas import Atlas
from ne_core.method.cluster import similarities, tree
from ne_core.method.embeddings import EMBEDDINGS, Embedder
from ne_core.refs import NeuronRef
from precompute.evaluate.surgery.cuts import cut_to, testable_cut
from precompute.evaluate.surgery.directions import FITS, KINDS, WAYS, Examples, Trial, read, trials

SEED = 0
SPACES = tuple(EMBEDDINGS)
CUTS = (("testable", 2), ("testable", 3), ("testable", 4), ("features", 2), ("features", 4), ("features", 8))
MAIN = 0  # of CUTS, the comparison that controls and losses are measured in
Activations = Callable[[int, np.ndarray, np.ndarray], np.ndarray]  # of a layer: inputs, and the neuron asked of each
FITTED = tuple((way, FITS[0]) for way in WAYS)


@dataclass(frozen=True)
class Neuron:
    """What is known of it: where its examples stand, their x, and the weights that read it."""

    ref: NeuronRef
    examples: Examples
    example: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    w: Float[np.ndarray, " d_in"]


@dataclass(frozen=True)
class Placed:
    """A trial, of features in SPACES[space] at CUTS[cut]."""

    space: int
    cut: int
    trial: Trial

    @property
    def place(self) -> tuple[int, int, int]:
        """Where in a table of spaces, cuts and kinds it belongs."""
        return self.space, self.cut, self.trial.kind


@dataclass(frozen=True)
class Features:
    """Of one space at one cut."""

    space: int
    cut: int
    features: Int[np.ndarray, " n"]


@dataclass(frozen=True)
class Loss:
    """Shares of the activation that are lost by the feature's held-out examples and by its siblings', and |w·u| / |w|.

    The mean over features; NaN where there was no trial.
    """

    own: Float[np.ndarray, "spaces cuts kinds"]
    siblings: Float[np.ndarray, "spaces cuts kinds"]
    read: Float[np.ndarray, "spaces cuts kinds"]


def neuron_of(atlas: Atlas, ref: NeuronRef) -> Neuron:
    stored, x = atlas.neuron(ref), atlas.neuron_inputs(ref).astype(np.float32)
    order = np.random.default_rng((SEED, ref.layer, ref.neuron)).permutation(len(x))
    examples = Examples(x, atlas.input_statistics(ref.layer).mean, order)
    w = atlas.weights(ref.layer).W_in[:, ref.neuron].astype(np.float32)
    return Neuron(ref, examples, stored.example.astype(np.int64), stored.pos.astype(np.int64), w)


def clusterings(neuron: Neuron, embedder: Embedder, least: int) -> Iterator[Features]:
    """In every space at every cut that its tree has."""
    for number, space in enumerate(SPACES):
        linkage = tree(similarities(embedder(space, neuron.examples.x, neuron.w)))
        for at, (rule, k) in enumerate(CUTS):
            features = testable_cut(linkage, k, least) if rule == "testable" else cut_to(linkage, k)
            if features is not None:
                yield Features(number, at, features)


def placed_trials(neuron: Neuron, clustered: list[Features], least: int) -> list[Placed]:
    """Controls in the main comparison alone: elsewhere they would say the same."""
    rng = np.random.default_rng((SEED, neuron.ref.layer, neuron.ref.neuron, 1))
    return [
        Placed(each.space, each.cut, trial)
        for each in clustered
        for trial in trials(neuron.examples, each.features, least, KINDS if each.cut == MAIN else FITTED, rng)
    ]


def lost(neuron: Neuron, placed: list[Placed], activations_on: Activations) -> Loss:
    """By the layer's own MLP: the neuron's activation at a token is a function of x there, whatever came before."""
    layer, x = neuron.ref.layer, [neuron.examples.x, *(each.trial.x for each in placed)]
    at_once = np.concatenate(x)
    found = activations_on(layer, at_once, np.full(len(at_once), neuron.ref.neuron))
    clean, *after = np.split(found.astype(np.float64), np.cumsum([len(each) for each in x])[:-1])
    shares = [drops(clean[each.trial.rows], a, each.trial.own) for each, a in zip(placed, after, strict=True)]
    columns = np.array([(*share, read(neuron.w, each.trial.u)) for share, each in zip(shares, placed, strict=True)])
    return Loss(*(by_place(places(placed), column) for column in columns.reshape(-1, 3).T))


def drops(
    clean: Float[np.ndarray, " k"], after: Float[np.ndarray, " k"], own: Bool[np.ndarray, " k"]
) -> tuple[float, float]:
    """1 − mean activation after / mean activation before, of the feature's examples and of its siblings'."""
    of_own, of_siblings = (float(1 - after[of].mean() / clean[of].mean()) for of in (own, ~own))
    return of_own, of_siblings


def places(placed: list[Placed]) -> Int[np.ndarray, "trials 3"]:
    return np.array([each.place for each in placed], dtype=np.int64).reshape(-1, 3)


def by_place(
    place: Int[np.ndarray, "trials 3"], values: Float[np.ndarray, " trials"]
) -> Float[np.ndarray, "spaces cuts kinds"]:
    """The mean of the trials of each space, cut and kind; trials without a value are left out."""
    total, count = (np.zeros((len(SPACES), len(CUTS), len(KINDS))) for _ in range(2))
    there = np.isfinite(values)
    np.add.at(total, tuple(place.T), np.where(there, values, 0))
    np.add.at(count, tuple(place.T), there)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
