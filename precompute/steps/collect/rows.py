"""Activating examples of each layer, read from the files of the units one at a time."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from jaxtyping import Int

from ne_core.method.layer import NeuronLayer
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.candidates import Candidates, select_examples
from precompute.steps.collect.job import CollectJob
from precompute.steps.collect.part import candidates_from, keys
from precompute.steps.distinct import Endings, first_of_each

Load = Callable[[int], Mapping[str, np.ndarray]]


def in_memory(shape: tuple[int, int]) -> np.ndarray:
    return np.empty(shape, dtype=np.float16)


def layer_rows(
    job: CollectJob,
    layer: int,
    candidates: Candidates,
    weights: NeuronLayer,
    load: Load,
    x_into: Callable[[tuple[int, int]], np.ndarray] = in_memory,
    endings: Endings | None = None,
) -> ActivatingExamples:
    """Return one layer's activating examples, from the candidates that remain after the last unit.

    `load` returns a unit's arrays, each read when it is accessed; `x_into` allocates the float16 array of x, in memory
    or on disk. With `endings`, of examples of a neuron that end alike only the first is returned.
    """
    selected = select_examples(candidates, job.rules[layer])
    if endings is not None:
        ending = endings(selected.example, key_positions(job, layer, selected, load))
        selected = selected.take(first_of_each(selected.neuron, ending))
    pos = np.empty(len(selected), dtype=np.int32)
    window_activations = np.empty((len(selected), job.window.size), dtype=np.float16)
    x_row = np.empty(len(selected), dtype=np.int32)
    needed: dict[int, Int[np.ndarray, " n_x"]] = {}  # by unit, the rows of its x
    n_x = 0
    for unit, rows in rows_by_unit(selected, job.work_unit):
        arrays = load(unit)
        index = np.searchsorted(keys(candidates_from(arrays, layer)), keys(selected)[rows])
        pos[rows] = arrays[f"{layer}/pos"][index]
        window_activations[rows] = arrays[f"{layer}/window_activations"][index]
        needed[unit], unit_row = np.unique(arrays[f"{layer}/x_row"][index], return_inverse=True)
        x_row[rows] = n_x + unit_row
        n_x += len(needed[unit])
    return ActivatingExamples(
        layer=layer,
        weights=weights,
        maxima=job.rules[layer].maxima(selected.highest),
        offsets=selected.offsets,
        example=selected.example,
        pos=pos,
        activation=selected.activation,
        window_activations=window_activations,
        x_row=x_row,
        x=fill_x(x_into((n_x, weights.d_in)), layer, needed, load),
    )


def key_positions(job: CollectJob, layer: int, selected: Candidates, load: Load) -> Int[np.ndarray, " n"]:
    """Return the position of the key token of each selected example."""
    pos = np.empty(len(selected), dtype=np.int32)
    for unit, rows in rows_by_unit(selected, job.work_unit):
        arrays = load(unit)
        index = np.searchsorted(keys(candidates_from(arrays, layer)), keys(selected)[rows])
        pos[rows] = arrays[f"{layer}/pos"][index]
    return pos


def rows_by_unit(selected: Candidates, work_unit: int) -> Iterator[tuple[int, Int[np.ndarray, " n"]]]:
    """Yield each unit that has rows, in corpus order, with its rows."""
    unit = selected.example // work_unit
    order = np.argsort(unit, kind="stable")
    units, starts = np.unique(unit[order], return_index=True)
    yield from zip(units.tolist(), np.split(order, starts[1:]), strict=True) if len(units) else ()


def fill_x(x: np.ndarray, layer: int, needed: Mapping[int, Int[np.ndarray, " n_x"]], load: Load) -> np.ndarray:
    """Fill x with the inputs of every needed (example, position), in corpus order."""
    start = 0
    for unit, rows in needed.items():
        x[start : start + len(rows)] = load(unit)[f"{layer}/x"][rows]
        start += len(rows)
    return x
