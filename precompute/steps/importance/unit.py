"""One unit of the stage: what the rows of some examples lose under one baseline."""

import numpy as np
import torch
from jaxtyping import Bool, Float

from ne_core.half import LARGEST
from precompute.models.open_model import load_model
from precompute.models.source import Readings, Source
from precompute.steps.collect.job import NOT_FINITE
from precompute.steps.importance.budget import positions_back
from precompute.steps.importance.job import ImportanceJob, LayerAsked


class ImportanceError(ValueError):
    """The masked activations cannot be used; the message says why in one line."""


def work_importances(job: ImportanceJob, unit: int) -> dict[str, Float[np.ndarray, "n back"]]:
    """A unit on a worker, with the model of the job."""
    return unit_importances(load_model(job.model), job, unit)


def unit_importances(source: Source, job: ImportanceJob, unit: int) -> dict[str, Float[np.ndarray, "n back"]]:
    """By layer, the importances of the unit's rows in the job's order; NaN where a position is not masked.

    Depends on the job and the unit alone. Raises ImportanceError where a masked activation is not finite.
    """
    number, examples = job.part(unit)
    name = job.baselines[number]
    there = [is_masked(job, asked, examples) for asked in job.layers]
    readings = [layer_readings(job, *layer, examples) for layer in zip(job.layers, there, strict=True)]
    tokens, lengths = (torch.from_numpy(array[examples].astype(np.int64)) for array in (job.tokens, job.lengths))
    values = source.read_masked(tokens, lengths, Readings.joined(readings), source.baselines([name])[name])
    parts = np.split(values, np.cumsum([len(part.pos) for part in readings])[:-1])
    layers = zip(job.layers, there, parts, strict=True)
    return {str(asked.layer): lost(asked, examples, masked, part) for asked, masked, part in layers}


def is_masked(job: ImportanceJob, asked: LayerAsked, examples: slice) -> Bool[np.ndarray, "n back"]:
    """Which positions back from the key token of each of the unit's rows are masked."""
    rows = asked.within(examples)
    at = positions_back(asked.pos[rows], job.back)
    return (at >= 0) & job.pairs[asked.example[rows, None], np.maximum(at, 0)]


def layer_readings(
    job: ImportanceJob, asked: LayerAsked, there: Bool[np.ndarray, "n back"], examples: slice
) -> Readings:
    """A reading for every row and masked position, row by row."""
    row, _ = np.nonzero(there)
    rows = asked.within(examples)
    return Readings(
        prompt=asked.example[rows][row].astype(np.int64) - examples.start,
        masked=positions_back(asked.pos[rows], job.back)[there],
        pos=asked.pos[rows][row].astype(np.int64),
        layer=np.full(len(row), asked.layer),
        neuron=asked.neuron[rows][row].astype(np.int64),
    )


def lost(
    asked: LayerAsked, examples: slice, there: Bool[np.ndarray, "n back"], masked: Float[np.ndarray, " readings"]
) -> Float[np.ndarray, "n back"]:
    """The share of each row's activation that is lost, in float32.

    A row that barely fires can lose any multiple of its activation, and no more than half precision holds is kept.
    """
    row, _ = np.nonzero(there)
    if not np.isfinite(masked).all():
        raise ImportanceError(
            f"layer {asked.layer} has activations that are not finite when a token is masked: {NOT_FINITE}"
        )
    with np.errstate(over="ignore"):
        share = 1 - masked.astype(np.float32) / asked.activation[asked.within(examples)][row]
    table = np.full(there.shape, np.nan, dtype=np.float32)
    table[there] = np.clip(share, -LARGEST, LARGEST)
    return table
