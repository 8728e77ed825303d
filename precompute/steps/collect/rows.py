"""The end of collection, layer by layer: the chosen examples, filled from the files of the units one at a time."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from jaxtyping import Int

from ne_core.method.layer import NeuronLayer
from precompute.steps.activating_examples import LayerRows
from precompute.steps.candidates import Candidates, chosen
from precompute.steps.collect.job import CollectJob
from precompute.steps.collect.part import candidates_from, keys

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
) -> LayerRows:
    """One layer's activating examples, from all the candidates that are left when every unit has been gathered.

    `load` gives a unit's arrays, each read when it is asked for; `x_into` gives the float16 array, in memory or on
    disk, that x is written into.
    """
    first = chosen(candidates, job.rules[layer])
    pos = np.empty(len(first), dtype=np.int32)
    window_activations = np.empty((len(first), job.window.size), dtype=np.float16)
    x_row = np.empty(len(first), dtype=np.int32)
    needed: dict[int, Int[np.ndarray, " n_x"]] = {}  # by unit, the rows of its x
    n_x = 0
    for unit, rows in rows_by_unit(first, job.work_unit):
        arrays = load(unit)
        at = np.searchsorted(keys(candidates_from(arrays, layer)), keys(first)[rows])
        pos[rows] = arrays[f"{layer}/pos"][at]
        window_activations[rows] = arrays[f"{layer}/window_activations"][at]
        needed[unit], moved = np.unique(arrays[f"{layer}/x_row"][at], return_inverse=True)
        x_row[rows] = n_x + moved
        n_x += len(needed[unit])
    return LayerRows(
        layer=layer,
        weights=weights,
        maxima=job.rules[layer].maxima(first.seen),
        offsets=first.offsets,
        example=first.example,
        pos=pos,
        activation=first.activation,
        window_activations=window_activations,
        x_row=x_row,
        x=filled(x_into((n_x, weights.d_in)), layer, needed, load),
    )


def rows_by_unit(first: Candidates, work_unit: int) -> Iterator[tuple[int, Int[np.ndarray, " n"]]]:
    """The units that have rows, in corpus order, and which they are."""
    unit = first.example // work_unit
    order = np.argsort(unit, kind="stable")
    units, starts = np.unique(unit[order], return_index=True)
    yield from zip(units.tolist(), np.split(order, starts[1:]), strict=True) if len(units) else ()


def filled(into: np.ndarray, layer: int, needed: Mapping[int, Int[np.ndarray, " n_x"]], load: Load) -> np.ndarray:
    """x of every kept (example, position), in corpus order."""
    start = 0
    for unit, rows in needed.items():
        into[start : start + len(rows)] = load(unit)[f"{layer}/x"][rows]
        start += len(rows)
    return into
