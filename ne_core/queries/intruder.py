"""Questions of the intruder game: five examples of one feature, and one of a sibling feature of the same neuron.

The intruder is, of the sibling's examples, the one nearest to the median activation of the five; at the level
`key_token`, only those with the key token of one of the five are considered. The same atlas, seed and level give the
same questions.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas
from ne_core.method.classes import FEW, second_sizes
from ne_core.refs import FeatureRef, NeuronRef

ACTIVATION, KEY_TOKEN = LEVELS = ("activation", "key_token")
FIVE = 5  # examples of the one feature
SHOWN = FIVE + 1
QUESTIONS = 10  # of a game
TRIES = 300  # neurons whose examples are read for one game, at most


@dataclass(frozen=True)
class Question:
    """`rows`: six rows of the neuron in the order shown; `answer`: index of the intruder among them.

    The five are examples of `feature`, the intruder is one of `sibling`.
    """

    neuron: NeuronRef
    feature: int
    sibling: int
    rows: tuple[int, ...]
    answer: int

    @property
    def refs(self) -> tuple[FeatureRef, FeatureRef]:
        """The feature of the five, and that of the intruder."""
        layer, neuron = self.neuron.layer, self.neuron.neuron
        return FeatureRef(layer, neuron, self.feature), FeatureRef(layer, neuron, self.sibling)


@dataclass(frozen=True)
class Game:
    """Questions about different neurons, and the number of neurons drawn for them."""

    questions: tuple[Question, ...]
    n_drawn: int


def game(atlas: Atlas, seed: int, level: str) -> Game:
    """Draw a game: at most QUESTIONS questions, from at most TRIES neurons."""
    rng = np.random.default_rng([seed, LEVELS.index(level)])
    candidates = with_siblings(atlas)
    drawn = rng.choice(candidates, min(TRIES, len(candidates)), replace=False)
    refs = (NeuronRef(int(atlas.neurons["layer"][row]), int(atlas.neurons["neuron"][row])) for row in drawn)
    return Game(tuple(islice(questions_about(atlas, refs, level, rng), QUESTIONS)), len(drawn))


def with_siblings(atlas: Atlas) -> Int[np.ndarray, " n"]:
    """Rows in `neurons` of those with a feature of FIVE examples or more, and another that is no stray."""
    n_features, size = atlas.neurons["n_features"], atlas.features["size"]
    largest, several = np.zeros(len(n_features), dtype=np.int64), n_features > 1
    largest[several] = size[(np.cumsum(n_features, dtype=np.int64) - n_features)[several]]
    return np.flatnonzero((largest >= FIVE) & (second_sizes(n_features, size) >= FEW))


def questions_about(
    atlas: Atlas, refs: Iterator[NeuronRef], level: str, rng: np.random.Generator
) -> Iterator[Question]:
    """Questions about those of the neurons that have a pair of features for the level."""
    for ref in refs:
        neuron = atlas.neuron(ref)
        token = atlas.tokens[neuron.example, neuron.pos]
        pairs = feature_pairs(neuron.feature, token, level)
        if len(pairs):
            feature, sibling = rng.choice(pairs).tolist()
            members, other = (np.flatnonzero(neuron.feature == each) for each in (feature, sibling))
            if level == ACTIVATION:
                token = np.zeros_like(token)  # all are allowed
            rows, answer = draw(rng, members, other, token, neuron.activation.astype(np.float32))
            yield Question(ref, feature, sibling, rows, answer)


def feature_pairs(feature: Int[np.ndarray, " n"], token: Int[np.ndarray, " n"], level: str) -> Int[np.ndarray, "k 2"]:
    """Features of FIVE examples or more, each with a sibling that is no stray; at KEY_TOKEN they share a key token."""
    sizes = np.bincount(feature)
    allowed = (sizes >= FIVE)[:, None] & (sizes >= FEW)
    np.fill_diagonal(allowed, False)
    if level == KEY_TOKEN:
        number = np.unique(token, return_inverse=True)[1].reshape(-1)
        has = np.zeros((len(sizes), number.max() + 1), dtype=np.float32)
        has[feature, number] = 1
        allowed &= has @ has.T > 0
    return np.argwhere(allowed)


def draw(
    rng: np.random.Generator,
    members: Int[np.ndarray, " n"],
    other: Int[np.ndarray, " m"],
    token: Int[np.ndarray, " rows"],
    activation: Float[np.ndarray, " rows"],
) -> tuple[tuple[int, ...], int]:
    """Draw five of `members`, one with a token of `other`, and their intruder; return all in order, and its index.

    The intruder has a token of the five, and the activation nearest to their median; ties go to the first row.
    """
    first = rng.choice(members[np.isin(token[members], token[other])])
    five = np.append(first, rng.choice(members[members != first], FIVE - 1, replace=False))
    alike = other[np.isin(token[other], token[five])]
    intruder = alike[np.abs(activation[alike] - np.median(activation[five])).argmin()]
    order = rng.permutation(SHOWN)
    return tuple(np.append(five, intruder)[order].tolist()), int(np.flatnonzero(order == FIVE)[0])


@dataclass(frozen=True)
class MeanDistances:
    """Mean cosine distance of the intruder to the five, and between two of the five."""

    intruder: float
    five: float


def mean_distances(cosines: Float[np.ndarray, "6 6"], answer: int) -> MeanDistances:
    """Mean distances from the cosines of all six, in the order shown."""
    distances = 1 - np.delete(cosines.astype(np.float64), answer, axis=1)
    five = np.delete(distances, answer, axis=0)[~np.eye(FIVE, dtype=bool)]
    return MeanDistances(float(distances[answer].mean()), float(five.mean()))
