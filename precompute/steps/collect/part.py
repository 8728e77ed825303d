"""Arrays of one layer in a work unit: candidates with all columns of their rows, and the layer's sample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from precompute.steps.candidates import Candidates, Rule, merge


@dataclass(frozen=True)
class LayerPart:
    """Candidates sorted by neuron and then by example, and `x` at their key tokens once, sorted by (example, pos).

    `x_row` is the row of x of each candidate; `window_activations` are those around its key token, NaN outside the
    example. `sample_x` and `sample_activations` are those of the sampled positions of the unit, in corpus order.
    """

    highest: Float[np.ndarray, " n_neurons"]
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
        return Candidates(self.highest, self.neuron, self.example, self.activation)

    def take(self, rows: Bool[np.ndarray, " n"]) -> "LayerPart":
        """Return the candidates of some rows, with the inputs that they need."""
        if rows.all():
            return self
        needed = np.zeros(len(self.x), dtype=bool)
        needed[self.x_row[rows]] = True
        x_row = (np.cumsum(needed, dtype=np.int32) - 1)[self.x_row[rows]]
        columns = {name: getattr(self, name)[rows] for name in COLUMNS}
        return replace(self, **columns, x_row=x_row, x=self.x[needed])

    def arrays(self, layer: int) -> dict[str, np.ndarray]:
        """Return the arrays by name as stored in the file of a work unit."""
        return {f"{layer}/{name}": getattr(self, name) for name in NAMES}


COLUMNS = ("neuron", "example", "activation", "pos", "window_activations")
NAMES = tuple(field.name for field in fields(LayerPart))


def part_from(arrays: Mapping[str, np.ndarray], layer: int) -> LayerPart:
    return LayerPart(**{name: arrays[f"{layer}/{name}"] for name in NAMES})


def candidates_from(arrays: Mapping[str, np.ndarray], layer: int) -> Candidates:
    """Read the candidates of a layer without reading the other arrays of the file."""
    return Candidates(*(arrays[f"{layer}/{name}"] for name in ("highest", "neuron", "example", "activation")))


def unit_part(batches: Sequence[LayerPart], rule: Rule) -> LayerPart:
    """Join the batches of a unit, in corpus order, without candidates that can no longer be selected."""
    part = batches[0] if len(batches) == 1 else concatenated(batches)
    few = np.bincount(part.neuron).max(initial=0) <= rule.max_examples
    if len(batches) == 1 and few:  # already selected by the maxima of the batch
        return part
    return part.take(is_among(part.candidates, merge([part.candidates], rule)))


def concatenated(batches: Sequence[LayerPart]) -> LayerPart:
    starts = np.cumsum([0, *(len(batch.x) for batch in batches[:-1])])
    x_row = np.concatenate([batch.x_row + start for batch, start in zip(batches, starts, strict=True)])
    together = {
        name: np.concatenate([getattr(batch, name) for batch in batches]) for name in NAMES if name != "highest"
    }
    order = np.argsort(together["neuron"], kind="stable")
    columns = {name: together[name][order] for name in COLUMNS}
    highest = np.max([batch.highest for batch in batches], axis=0)
    return LayerPart(**{**together, **columns, "highest": highest, "x_row": x_row[order].astype(np.int32)})


def is_among(candidates: Candidates, others: Candidates) -> Bool[np.ndarray, " n"]:
    """Return the mask of the candidates that are among the others."""
    position = np.searchsorted(keys(others), keys(candidates))
    return np.append(keys(others), -1)[position] == keys(candidates)


def keys(candidates: Candidates) -> Int[np.ndarray, " n"]:
    """Return a sorted key of each (neuron, example)."""
    return candidates.neuron.astype(np.int64) << 32 | candidates.example
