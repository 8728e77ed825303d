"""Which examples a neuron keeps, decided in one pass without knowing its maximum in advance (METHOD, section 2).

The rule: of the examples whose highest activation is at least `keep` times the neuron's maximum, the first so many in
corpus order. The maximum is known only at the end, but a candidate can go for good as soon as

    it is below `keep` times the highest activation so far   (the maximum can only rise), or
    `max_examples` earlier candidates are at least as large  (whatever the threshold, they come first).

What is left is exact at every moment, and the candidates of two parts of a corpus merge into those of the whole. Only
what decides is here, 12 bytes a candidate; windows and inputs wait in the files of the work units.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

ABOVE_ZERO = np.nextafter(np.float32(0), np.float32(1))  # the least number that is


@dataclass(frozen=True)
class Rule:
    """How activating examples are chosen; `given` maxima replace those of the corpus at hand.

    With `keep` 0 every activation above 0 is enough.
    """

    keep: float
    max_examples: int
    given: Float[np.ndarray, " n_neurons"] | None = None

    def maxima(self, seen: Float[np.ndarray, " n_neurons"]) -> Float[np.ndarray, " n_neurons"]:
        return seen if self.given is None else self.given

    def threshold(self, seen: Float[np.ndarray, " n_neurons"]) -> Float[np.ndarray, " n_neurons"]:
        """The least activation of an activating example, so far; none for a neuron that has not been above zero."""
        maxima = self.maxima(seen)
        return np.where(maxima > 0, np.maximum(np.float32(self.keep) * maxima, ABOVE_ZERO), np.float32(np.inf))

    def worth(
        self, activation: Float[np.ndarray, "*shape n"], threshold: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, "*shape n"]:
        """What earlier candidates are compared by: where the threshold stands already, being above it is enough."""
        return activation if self.given is None else np.minimum(activation, threshold)


@dataclass(frozen=True)
class Candidates:
    """One layer's candidates in a part of the corpus, sorted by neuron and then by example.

    `seen` is each neuron's highest activation in that part.
    """

    seen: Float[np.ndarray, " n_neurons"]
    neuron: Int[np.ndarray, " n"]
    example: Int[np.ndarray, " n"]
    activation: Float[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.neuron)

    @cached_property
    def offsets(self) -> Int[np.ndarray, " n_offsets"]:
        """Candidates of neuron j are offsets[j]:offsets[j+1]."""
        return np.searchsorted(self.neuron, np.arange(len(self.seen) + 1))

    def take(self, rows: Bool[np.ndarray, " n"]) -> "Candidates":
        return replace(self, neuron=self.neuron[rows], example=self.example[rows], activation=self.activation[rows])

    def above(self, rule: Rule) -> Bool[np.ndarray, " n"]:
        """Whether each reaches what is now known of its neuron's threshold."""
        return self.activation >= rule.threshold(self.seen)[self.neuron]


def joined(parts: Sequence[Candidates], seen: Float[np.ndarray, " n_neurons"]) -> Candidates:
    """The candidates of parts given in corpus order; a stable sort by neuron leaves them in it."""
    neuron, example, activation = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("neuron", "example", "activation")
    )
    order = np.argsort(neuron, kind="stable")
    return Candidates(seen, neuron[order], example[order], activation[order])


class Survivors:
    """One layer's candidates as the corpus goes by: those that may still be kept.

    `seen` may know of any part of the corpus; `best` holds what each neuron's `max_examples` best candidates so far
    are worth. Some of those may have fallen below the threshold since. They stand in nobody's way: who is above the
    threshold is above them.
    """

    def __init__(self, rule: Rule, n_neurons: int):
        self.rule = rule
        self.seen = np.full(n_neurons, -np.inf, dtype=np.float32)
        self.best = np.full((n_neurons, rule.max_examples), -np.inf, dtype=np.float32)
        empty = np.zeros(0, dtype=np.int32)
        self.settled = Candidates(self.seen, empty, empty, np.zeros(0, dtype=np.float32))
        self.waiting: list[Candidates] = []

    def __len__(self) -> int:
        return len(self.settled) + sum(map(len, self.waiting))

    @property
    def bar(self) -> Float[np.ndarray, " n_neurons"]:
        """What a later candidate must be worth more than; −∞ where fewer than `max_examples` came before."""
        return self.best.min(axis=1)

    def sees(self, seen: Float[np.ndarray, " n_neurons"]) -> None:
        """The highest activations of some part of the corpus, earlier or later."""
        self.seen = np.maximum(self.seen, seen)

    def add(self, part: Candidates) -> None:
        """The next part of the corpus."""
        self.sees(part.seen)
        part = replace(part, seen=self.seen)
        part = part.take(part.above(self.rule))
        worth = self.rule.worth(part.activation, self.rule.threshold(self.seen)[part.neuron])
        self.waiting.append(part.take(better_than_earlier(worth, part.offsets, self.best)))
        # not before as many have come: each candidate is then moved a few times in all, however long the corpus
        if len(self) > 2 * len(self.settled) + 4 * len(self.seen):
            self.candidates()

    def candidates(self) -> Candidates:
        """All that may still be kept."""
        together = joined([self.settled, *self.waiting], self.seen)
        self.settled, self.waiting = together.take(together.above(self.rule)), []
        return self.settled


def better_than_earlier(
    worth: Float[np.ndarray, " n"],
    offsets: Int[np.ndarray, " n_offsets"],
    best: Float[np.ndarray, "n_neurons max_examples"],
) -> Bool[np.ndarray, " n"]:
    """Whether fewer than `max_examples` earlier candidates of the same neuron are worth at least as much.

    `best` holds those of earlier parts, and is brought up to date. All neurons go through their first, second, …
    candidate together.
    """
    better, counts = np.zeros(len(worth), dtype=bool), np.diff(offsets)
    neurons = np.flatnonzero(counts)
    neurons = neurons[np.argsort(-counts[neurons], kind="stable")]  # those still at work are always the first
    mine = best[neurons]
    for place in range(counts.max(initial=0)):
        at_work = np.searchsorted(-counts[neurons], -place)
        rows = offsets[neurons[:at_work]] + place
        weakest = mine[:at_work].argmin(axis=1)
        better[rows] = worth[rows] > mine[np.arange(at_work), weakest]
        risen = np.flatnonzero(better[rows])
        mine[risen, weakest[risen]] = worth[rows[risen]]
    best[neurons] = mine
    return better


def merged(parts: Sequence[Candidates], rule: Rule) -> Candidates:
    """The candidates of several parts of a corpus, given in corpus order, as those of all of them."""
    survivors = Survivors(rule, len(parts[0].seen))
    for part in parts:
        survivors.add(part)
    return survivors.candidates()


def chosen(candidates: Candidates, rule: Rule) -> Candidates:
    """The activating examples, once the whole corpus has been read."""
    high = candidates.take(candidates.above(rule))
    return high.take(np.arange(len(high)) - high.offsets[high.neuron] < rule.max_examples)
