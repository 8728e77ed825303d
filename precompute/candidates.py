"""Which examples a neuron keeps, decided in one pass without knowing its maximum in advance (METHOD, section 2).

The rule: of the examples whose highest activation is at least `keep` times the neuron's maximum, the first so many in
corpus order. The maximum is known only at the end, but a candidate can go for good as soon as

    it is below `keep` times the highest activation so far   (the maximum can only rise), or
    `max_examples` earlier candidates are at least as large  (whatever the threshold, they come first).

What is left is exact at every moment, and the candidates of two parts of a corpus merge into those of the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.layer import NeuronLayer
from ne_core.windows import Window
from precompute.collected import LayerRows


@dataclass(frozen=True)
class Rule:
    """How activating examples are chosen; `given` maxima replace those of the corpus at hand."""

    keep: float
    max_examples: int
    given: Float[np.ndarray, " n_neurons"] | None = None

    def maxima(self, seen: Float[np.ndarray, " n_neurons"]) -> Float[np.ndarray, " n_neurons"]:
        return seen if self.given is None else self.given

    def threshold(self, seen: Float[np.ndarray, " n_neurons"]) -> Float[np.ndarray, " n_neurons"]:
        """The least activation of an activating example, so far; none for a neuron that has not been above zero."""
        maxima = self.maxima(seen)
        return np.where(maxima > 0, np.float32(self.keep) * maxima, np.float32(np.inf))

    def worth(
        self, activation: Float[np.ndarray, "*shape n"], threshold: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, "*shape n"]:
        """What earlier candidates are compared by: where the threshold stands already, being above it is enough."""
        return activation if self.given is None else np.minimum(activation, threshold)


@dataclass(frozen=True)
class Candidates:
    """One layer's candidates in a part of the corpus, sorted by neuron and then by example.

    `seen` is each neuron's highest activation in that part; `x` holds the input at every (example, position) that is
    some candidate's key token, once, in corpus order.
    """

    seen: Float[np.ndarray, " n_neurons"]
    neuron: Int[np.ndarray, " n"]
    example: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    activation: Float[np.ndarray, " n"]
    window_activations: Float[np.ndarray, "n n_window"]
    x_row: Int[np.ndarray, " n"]
    x: Float[np.ndarray, "n_x d_in"]

    def __len__(self) -> int:
        return len(self.neuron)

    @cached_property
    def offsets(self) -> Int[np.ndarray, " n_offsets"]:
        """Candidates of neuron j are offsets[j]:offsets[j+1]."""
        return np.searchsorted(self.neuron, np.arange(len(self.seen) + 1))

    def take(self, rows: Bool[np.ndarray, " n"]) -> "Candidates":
        """Some of the candidates, with the inputs that they need."""
        needed = np.zeros(len(self.x), dtype=bool)
        needed[self.x_row[rows]] = True
        moved = np.cumsum(needed) - 1
        columns = {name: getattr(self, name)[rows] for name in ("neuron", "example", "pos", "activation")}
        return replace(
            self,
            **columns,
            window_activations=self.window_activations[rows],
            x_row=moved[self.x_row[rows]],
            x=self.x[needed],
        )


def none_yet(n_neurons: int, d_in: int, window: Window) -> Candidates:
    """Before any example has been read."""
    whole, real = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
    return Candidates(
        seen=np.full(n_neurons, -np.inf, dtype=np.float32),
        neuron=whole,
        example=whole,
        pos=whole,
        activation=real,
        window_activations=real.reshape(0, window.size),
        x_row=np.zeros(0, dtype=np.int64),
        x=real.reshape(0, d_in),
    )


def merged(parts: Sequence[Candidates], rule: Rule) -> Candidates:
    """The candidates of several parts of a corpus, given in corpus order, as those of all of them."""
    starts = np.cumsum([0, *(len(part.x) for part in parts[:-1])])
    x_row = np.concatenate([part.x_row + start for part, start in zip(parts, starts, strict=True)])
    together = {name: np.concatenate([getattr(p, name) for p in parts]) for name in COLUMNS}
    order = np.argsort(together["neuron"], kind="stable")  # parts come in corpus order, and stay in it
    columns = {name: values[order] for name, values in together.items()}
    seen = np.max([part.seen for part in parts], axis=0)
    x = np.concatenate([part.x for part in parts])
    return pruned(Candidates(seen=seen, x_row=x_row[order], x=x, **columns), rule)


COLUMNS = ("neuron", "example", "pos", "activation", "window_activations")


def pruned(candidates: Candidates, rule: Rule) -> Candidates:
    """Without those that can never be kept, whatever comes."""
    threshold = rule.threshold(candidates.seen)[candidates.neuron]
    high = candidates.take(candidates.activation >= threshold)
    worth = rule.worth(high.activation, rule.threshold(high.seen)[high.neuron])
    return high.take(fewer_before(worth, high.offsets, rule.max_examples))


def fewer_before(
    worth: Float[np.ndarray, " n"], offsets: Int[np.ndarray, " n_offsets"], k: int
) -> Bool[np.ndarray, " n"]:
    """Whether fewer than `k` earlier candidates of the same neuron are worth at least as much.

    All neurons go through their (k+1)th, (k+2)th, … candidate together, each with its `k` best so far at hand.
    """
    kept, counts = np.ones(len(worth), dtype=bool), np.diff(offsets)
    neurons = np.flatnonzero(counts > k)
    neurons = neurons[np.argsort(-counts[neurons], kind="stable")]  # those still at work are always the first
    if not len(neurons):
        return kept
    best = worth[offsets[neurons, None] + np.arange(k)]
    for place in range(k, counts[neurons[0]]):
        at_work = np.searchsorted(-counts[neurons], -place)
        rows = offsets[neurons[:at_work]] + place
        weakest = best[:at_work].argmin(axis=1)
        better = worth[rows] > best[np.arange(at_work), weakest]
        kept[rows] = better
        best[np.flatnonzero(better), weakest[better]] = worth[rows[better]]
    return kept


def bars(candidates: Candidates, rule: Rule) -> Float[np.ndarray, " n_neurons"]:
    """What a later candidate must be worth more than: the `max_examples`th best so far; −∞ where there are fewer."""
    worth = rule.worth(candidates.activation, rule.threshold(candidates.seen)[candidates.neuron])
    order = np.lexsort((-worth, candidates.neuron))
    counts, k = np.diff(candidates.offsets), rule.max_examples
    full = counts >= k
    bar = np.full(len(counts), -np.inf, dtype=np.float32)
    bar[full] = worth[order][candidates.offsets[:-1][full] + k - 1]
    return bar


def chosen(candidates: Candidates, rule: Rule, layer: int, weights: NeuronLayer) -> LayerRows:
    """The activating examples, once the whole corpus has been read."""
    high = candidates.take(candidates.activation >= rule.threshold(candidates.seen)[candidates.neuron])
    first = high.take(np.arange(len(high)) - high.offsets[high.neuron] < rule.max_examples)
    return LayerRows(
        layer=layer,
        weights=weights,
        maxima=rule.maxima(first.seen),
        offsets=first.offsets,
        example=first.example,
        pos=first.pos,
        activation=first.activation,
        window_activations=first.window_activations,
        x_row=first.x_row,
        x=first.x,
    )
