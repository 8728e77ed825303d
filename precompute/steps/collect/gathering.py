"""The process that gathers the units: what it keeps in mind of them while the rest is in their files."""

from collections.abc import Mapping

import numpy as np

from precompute.steps.candidates import Candidates, Survivors
from precompute.steps.collect.job import CollectJob, Hints
from precompute.steps.collect.part import candidates_from, part_from, present

DEAD_SHARE = 0.5  # of a file's candidates: with more, it is worth writing again


class Gathering:
    """The survivors of every layer. Units may come in any order; they are taken in in corpus order.

    Its memory is 12 bytes a candidate, and `max_examples` activations a neuron.
    """

    def __init__(self, job: CollectJob):
        self.job = job
        self.layers: dict[int, Survivors] = {}
        self.early: dict[int, dict[int, Candidates]] = {}
        self.in_file: dict[int, int] = {}
        self.next = 0  # the first unit that has not been taken in

    def add(self, unit: int, arrays: Mapping[str, np.ndarray]) -> None:
        """A unit's result, or its file."""
        parts = {layer: candidates_from(arrays, layer) for layer in self.job.layers}
        self.in_file[unit] = sum(map(len, parts.values()))
        self.early[unit] = parts
        for layer, part in parts.items():
            self.layers.setdefault(layer, Survivors(self.job.rules[layer], len(part.seen))).sees(part.seen)
        while self.next in self.early:
            for layer, part in self.early.pop(self.next).items():
                self.layers[layer].add(part)
            self.next += 1

    def hints(self) -> Hints:
        """For any unit that has not been added: all that is behind `bar` comes before it."""
        seen = {layer: survivors.seen for layer, survivors in self.layers.items()}
        return Hints(seen, {layer: survivors.bar for layer, survivors in self.layers.items()})

    def candidates(self, layer: int) -> Candidates:
        """All that may still be kept; once every unit has been added, exactly what `layer_rows` needs."""
        return self.layers[layer].candidates()

    def wasteful(self) -> list[int]:
        """Units in whose files most of the candidates are dead."""
        alive = np.zeros(self.next, dtype=np.int64)
        for layer in self.layers:
            alive += np.bincount(self.candidates(layer).example // self.job.work_unit, minlength=self.next)
        return [unit for unit in range(self.next) if alive[unit] < (1 - DEAD_SHARE) * self.in_file[unit]]

    def thinned(self, unit: int, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The unit's arrays with the survivors only, to be written in place of its file."""
        parts = {layer: part_from(arrays, layer) for layer in self.job.layers}
        left = {layer: part.take(present(part.candidates, self.candidates(layer))) for layer, part in parts.items()}
        self.in_file[unit] = sum(len(part.neuron) for part in left.values())
        return {name: values for layer, part in left.items() for name, values in part.arrays(layer).items()}
