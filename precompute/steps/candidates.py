"""Selection of activating examples in one pass, without knowing the neuron's maximum in advance (METHOD, section 2).

The rule: of the examples whose highest activation is at least `keep` times the neuron's maximum, the first
`max_examples` in corpus order. The maximum is known only at the end, but a candidate can be dropped as soon as

    it is below `keep` times the highest activation so far   (the maximum can only rise), or
    `max_examples` earlier candidates are at least as large  (whatever the threshold, they come first).

The remaining candidates are exact at every moment, and the candidates of two parts of a corpus merge into those of the
whole. Only the values that decide are in memory, 12 bytes per candidate; windows and inputs stay in the files of the
work units.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

ABOVE_ZERO = np.nextafter(np.float32(0), np.float32(1))  # the smallest float32 above 0


@dataclass(frozen=True)
class Rule:
    """Rule of the selection; `fixed_maxima` replace the maxima of the corpus. With `keep` 0, any activation above 0."""

    keep: float
    max_examples: int
    fixed_maxima: Float[np.ndarray, " n_neurons"] | None = None

    def maxima(self, highest: Float[np.ndarray, " n_neurons"]) -> Float[np.ndarray, " n_neurons"]:
        return highest if self.fixed_maxima is None else self.fixed_maxima

    def threshold(self, highest: Float[np.ndarray, " n_neurons"]) -> Float[np.ndarray, " n_neurons"]:
        """Return the smallest activation of an activating example so far; infinite for a neuron never above zero."""
        maxima = self.maxima(highest)
        return np.where(maxima > 0, np.maximum(np.float32(self.keep) * maxima, ABOVE_ZERO), np.float32(np.inf))

    def worth(
        self, activation: Float[np.ndarray, "*shape n"], threshold: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, "*shape n"]:
        """Return the value by which candidates are compared.

        With fixed maxima the threshold is final, and all candidates above it are equal.
        """
        return activation if self.fixed_maxima is None else np.minimum(activation, threshold)


@dataclass(frozen=True)
class Candidates:
    """Candidates of one layer in a part of the corpus, sorted by neuron and then by example.

    `highest` is each neuron's highest activation in that part.
    """

    highest: Float[np.ndarray, " n_neurons"]
    neuron: Int[np.ndarray, " n"]
    example: Int[np.ndarray, " n"]
    activation: Float[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.neuron)

    @cached_property
    def offsets(self) -> Int[np.ndarray, " n_offsets"]:
        """Offsets by neuron: the candidates of neuron j are offsets[j]:offsets[j+1]."""
        return np.searchsorted(self.neuron, np.arange(len(self.highest) + 1))

    def take(self, rows: Bool[np.ndarray, " n"]) -> "Candidates":
        return replace(self, neuron=self.neuron[rows], example=self.example[rows], activation=self.activation[rows])

    def above(self, rule: Rule) -> Bool[np.ndarray, " n"]:
        """Return whether each candidate reaches the present threshold of its neuron."""
        return self.activation >= rule.threshold(self.highest)[self.neuron]


def concatenate(parts: Sequence[Candidates], highest: Float[np.ndarray, " n_neurons"]) -> Candidates:
    """Concatenate the candidates of parts in corpus order; the stable sort by neuron keeps that order."""
    neuron, example, activation = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("neuron", "example", "activation")
    )
    order = np.argsort(neuron, kind="stable")
    return Candidates(highest, neuron[order], example[order], activation[order])


class Survivors:
    """Candidates of one layer that may still be selected, updated as parts of the corpus are added.

    `highest` may include later parts of the corpus; `best` holds the worth of each neuron's `max_examples` best
    candidates so far. Some of them may have fallen below the threshold since, which does no harm: every candidate above
    the threshold is worth more.
    """

    def __init__(self, rule: Rule, n_neurons: int):
        self.rule = rule
        self.highest = np.full(n_neurons, -np.inf, dtype=np.float32)
        self.best = np.full((n_neurons, rule.max_examples), -np.inf, dtype=np.float32)
        empty = np.zeros(0, dtype=np.int32)
        self.settled = Candidates(self.highest, empty, empty, np.zeros(0, dtype=np.float32))
        self.waiting: list[Candidates] = []

    def __len__(self) -> int:
        return len(self.settled) + sum(map(len, self.waiting))

    @property
    def bar(self) -> Float[np.ndarray, " n_neurons"]:
        """Worth that a later candidate must exceed; −∞ with fewer than `max_examples` candidates so far."""
        return self.best.min(axis=1)

    def update_highest(self, highest: Float[np.ndarray, " n_neurons"]) -> None:
        """Take into account the highest activations of any part of the corpus, earlier or later."""
        self.highest = np.maximum(self.highest, highest)

    def add(self, part: Candidates) -> None:
        """Add the next part of the corpus."""
        self.update_highest(part.highest)
        part = replace(part, highest=self.highest)
        part = part.take(part.above(self.rule))
        worth = self.rule.worth(part.activation, self.rule.threshold(self.highest)[part.neuron])
        self.waiting.append(part.take(better_than_earlier(worth, part.offsets, self.best)))
        # only after as many new ones, so that each candidate is copied only a few times, however long the corpus
        if len(self) > 2 * len(self.settled) + 4 * len(self.highest):
            self.candidates()

    def candidates(self) -> Candidates:
        """Return all candidates that may still be selected."""
        together = concatenate([self.settled, *self.waiting], self.highest)
        self.settled, self.waiting = together.take(together.above(self.rule)), []
        return self.settled


def better_than_earlier(
    worth: Float[np.ndarray, " n"],
    offsets: Int[np.ndarray, " n_offsets"],
    best: Float[np.ndarray, "n_neurons max_examples"],
) -> Bool[np.ndarray, " n"]:
    """Return whether fewer than `max_examples` earlier candidates of the same neuron are worth at least as much.

    `best` holds the worth of earlier parts, and is updated in place. Step i handles candidate i of all neurons at once.
    """
    better, counts = np.zeros(len(worth), dtype=bool), np.diff(offsets)
    neurons = np.flatnonzero(counts)
    neurons = neurons[np.argsort(-counts[neurons], kind="stable")]  # so that neurons with candidates left come first
    best_of_neuron = best[neurons]
    for step in range(counts.max(initial=0)):
        n_active = np.searchsorted(-counts[neurons], -step)
        rows = offsets[neurons[:n_active]] + step
        weakest = best_of_neuron[:n_active].argmin(axis=1)
        better[rows] = worth[rows] > best_of_neuron[np.arange(n_active), weakest]
        replaced = np.flatnonzero(better[rows])
        best_of_neuron[replaced, weakest[replaced]] = worth[rows[replaced]]
    best[neurons] = best_of_neuron
    return better


def merge(parts: Sequence[Candidates], rule: Rule) -> Candidates:
    """Merge the candidates of several parts of a corpus, in corpus order, into those of the whole."""
    survivors = Survivors(rule, len(parts[0].highest))
    for part in parts:
        survivors.add(part)
    return survivors.candidates()


def select_examples(candidates: Candidates, rule: Rule) -> Candidates:
    """Return the activating examples, once the whole corpus has been read."""
    high = candidates.take(candidates.above(rule))
    return high.take(np.arange(len(high)) - high.offsets[high.neuron] < rule.max_examples)
