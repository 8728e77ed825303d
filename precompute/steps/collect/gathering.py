"""Candidates of all units, in the process that collects them; other arrays stay in the files of the units."""

from collections.abc import Mapping

import numpy as np

from precompute.steps.candidates import Candidates, Survivors
from precompute.steps.collect.job import CollectJob, Hints
from precompute.steps.collect.part import candidates_from, is_among, part_from

DEAD_SHARE = 0.5  # of a file's candidates: a file with more dead ones is rewritten


class Gathering:
    """Survivors of every layer. Units may come in any order; they are added in corpus order.

    Memory: 12 bytes per candidate, and `max_examples` activations per neuron.
    """

    def __init__(self, job: CollectJob):
        self.job = job
        self.layers: dict[int, Survivors] = {}
        self.early: dict[int, dict[int, Candidates]] = {}
        self.in_file: dict[int, int] = {}
        self.next = 0  # the first unit that has not been added

    def add(self, unit: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Add the arrays of a unit, from its result or its file."""
        parts = {layer: candidates_from(arrays, layer) for layer in self.job.layers}
        self.in_file[unit] = sum(map(len, parts.values()))
        self.early[unit] = parts
        for layer, part in parts.items():
            self.layers.setdefault(layer, Survivors(self.job.rules[layer], len(part.highest))).update_highest(
                part.highest
            )
        while self.next in self.early:
            for layer, part in self.early.pop(self.next).items():
                self.layers[layer].add(part)
            self.next += 1

    def hints(self) -> Hints:
        """Return hints for any unit that has not been added: all candidates counted in `bar` come before it."""
        highest = {layer: survivors.highest for layer, survivors in self.layers.items()}
        return Hints(highest, {layer: survivors.bar for layer, survivors in self.layers.items()})

    def candidates(self, layer: int) -> Candidates:
        """Return the candidates that may still be selected; after the last unit, exactly those `layer_rows` needs."""
        return self.layers[layer].candidates()

    def wasteful(self) -> list[int]:
        """Return the units whose files hold mostly dead candidates."""
        alive = np.zeros(self.next, dtype=np.int64)
        for layer in self.layers:
            alive += np.bincount(self.candidates(layer).example // self.job.work_unit, minlength=self.next)
        return [unit for unit in range(self.next) if alive[unit] < (1 - DEAD_SHARE) * self.in_file[unit]]

    def thinned(self, unit: int, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the unit's arrays with only the surviving candidates, to replace its file."""
        parts = {layer: part_from(arrays, layer) for layer in self.job.layers}
        left = {layer: part.take(is_among(part.candidates, self.candidates(layer))) for layer, part in parts.items()}
        self.in_file[unit] = sum(len(part.neuron) for part in left.values())
        return {name: values for layer, part in left.items() for name, values in part.arrays(layer).items()}
