"""One layer's share of a work unit: candidates with all that their rows need, and the layer's sample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from precompute.steps.candidates import Candidates, Rule, merged


@dataclass(frozen=True)
class LayerPart:
    """Candidates sorted by neuron and then by example, `x` at their key tokens once, sorted by (example, pos).

    `x_row` says which x is a candidate's; `window_activations` are those around its key token, NaN outside the
    example. `sample_x` and `sample_activations` belong to the sampled positions of the unit, in corpus order.
    """

    seen: Float[np.ndarray, " n_neurons"]
    neuron: Int[np.ndarray, " n"]
    example: Int[np.ndarray, " n"]
    activation: Float[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    window_activations: Float[np.ndarray, "n n_window"]
    x_row: Int[np.ndarray, " n"]
    x: Float[np.ndarray, "n_x d_in"]
    sample_x: Float[np.ndarray, "n_sampled d_in"]
    sample_activations: Float[np.ndarray, "n_sampled n_neurons"]

    @property
    def candidates(self) -> Candidates:
        return Candidates(self.seen, self.neuron, self.example, self.activation)

    def take(self, rows: Bool[np.ndarray, " n"]) -> "LayerPart":
        """Some of the candidates, with the inputs that they need."""
        if rows.all():
            return self
        needed = np.zeros(len(self.x), dtype=bool)
        needed[self.x_row[rows]] = True
        x_row = (np.cumsum(needed, dtype=np.int32) - 1)[self.x_row[rows]]
        columns = {name: getattr(self, name)[rows] for name in COLUMNS}
        return replace(self, **columns, x_row=x_row, x=self.x[needed])

    def arrays(self, layer: int) -> dict[str, np.ndarray]:
        """As a work unit's file holds it."""
        return {f"{layer}/{name}": getattr(self, name) for name in NAMES}


COLUMNS = ("neuron", "example", "activation", "pos", "window_activations")
NAMES = tuple(field.name for field in fields(LayerPart))


def part_from(arrays: Mapping[str, np.ndarray], layer: int) -> LayerPart:
    return LayerPart(**{name: arrays[f"{layer}/{name}"] for name in NAMES})


def candidates_from(arrays: Mapping[str, np.ndarray], layer: int) -> Candidates:
    """Without reading anything else of the file."""
    return Candidates(*(arrays[f"{layer}/{name}"] for name in ("seen", "neuron", "example", "activation")))


def unit_part(batches: Sequence[LayerPart], rule: Rule) -> LayerPart:
    """The batches of a unit, in corpus order, as one, without what already cannot be kept."""
    part = batches[0] if len(batches) == 1 else concatenated(batches)
    few = np.bincount(part.neuron).max(initial=0) <= rule.max_examples
    if len(batches) == 1 and few:  # each is above what its batch has seen, and nothing else can be said of them
        return part
    return part.take(present(part.candidates, merged([part.candidates], rule)))


def concatenated(batches: Sequence[LayerPart]) -> LayerPart:
    starts = np.cumsum([0, *(len(batch.x) for batch in batches[:-1])])
    x_row = np.concatenate([batch.x_row + start for batch, start in zip(batches, starts, strict=True)])
    together = {name: np.concatenate([getattr(batch, name) for batch in batches]) for name in NAMES if name != "seen"}
    order = np.argsort(together["neuron"], kind="stable")
    columns = {name: together[name][order] for name in COLUMNS}
    seen = np.max([batch.seen for batch in batches], axis=0)
    return LayerPart(**{**together, **columns, "seen": seen, "x_row": x_row[order].astype(np.int32)})


def present(some: Candidates, others: Candidates) -> Bool[np.ndarray, " n"]:
    """Which of some candidates are among the others."""
    found = np.searchsorted(keys(others), keys(some))
    return np.append(keys(others), -1)[found] == keys(some)


def keys(candidates: Candidates) -> Int[np.ndarray, " n"]:
    """A rising number for each (neuron, example)."""
    return candidates.neuron.astype(np.int64) << 32 | candidates.example
