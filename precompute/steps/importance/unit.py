"""One unit of token importance: the rows of some examples with one baseline."""

import numpy as np
import torch
from jaxtyping import Bool, Float

from ne_core.half import LARGEST
from precompute.models.open_model import load_model
from precompute.models.source import Readings, Source
from precompute.steps.collect.job import NOT_FINITE
from precompute.steps.importance.budget import positions_back
from precompute.steps.importance.job import ImportanceJob, RequestedRows


class ImportanceError(ValueError):
    """Masked activations that are not finite; the message says why in one line."""


def work_importances(job: ImportanceJob, unit: int) -> dict[str, Float[np.ndarray, "n back"]]:
    """Compute a unit in a worker, with the model of the job."""
    return unit_importances(load_model(job.model), job, unit)


def unit_importances(source: Source, job: ImportanceJob, unit: int) -> dict[str, Float[np.ndarray, "n back"]]:
    """Return by layer the importances of the unit's rows in the job's order; NaN where a position is not masked.

    Depends only on the job and the unit. Raises ImportanceError if a masked activation is not finite.
    """
    baseline_index, examples = job.part(unit)
    name = job.baselines[baseline_index]
    masks = [is_masked(job, requested, examples) for requested in job.layers]
    readings = [layer_readings(job, *layer, examples) for layer in zip(job.layers, masks, strict=True)]
    tokens, lengths = (torch.from_numpy(array[examples].astype(np.int64)) for array in (job.tokens, job.lengths))
    values = source.read_masked(tokens, lengths, Readings.joined(readings), source.baselines([name])[name])
    parts = np.split(values, np.cumsum([len(part.pos) for part in readings])[:-1])
    layers = zip(job.layers, masks, parts, strict=True)
    return {str(requested.layer): lost_share(requested, examples, masked, part) for requested, masked, part in layers}


def is_masked(job: ImportanceJob, requested: RequestedRows, examples: slice) -> Bool[np.ndarray, "n back"]:
    """Return the mask of the positions up to the key token that are masked, for each of the unit's rows."""
    rows = requested.within(examples)
    masked_pos = positions_back(requested.pos[rows], job.back)
    return (masked_pos >= 0) & job.pairs[requested.example[rows, None], np.maximum(masked_pos, 0)]


def layer_readings(
    job: ImportanceJob, requested: RequestedRows, is_masked: Bool[np.ndarray, "n back"], examples: slice
) -> Readings:
    """Return a reading for every row and masked position, row by row."""
    row, _ = np.nonzero(is_masked)
    rows = requested.within(examples)
    return Readings(
        prompt=requested.example[rows][row].astype(np.int64) - examples.start,
        masked=positions_back(requested.pos[rows], job.back)[is_masked],
        pos=requested.pos[rows][row].astype(np.int64),
        layer=np.full(len(row), requested.layer),
        neuron=requested.neuron[rows][row].astype(np.int64),
    )


def lost_share(
    requested: RequestedRows,
    examples: slice,
    is_masked: Bool[np.ndarray, "n back"],
    masked: Float[np.ndarray, " readings"],
) -> Float[np.ndarray, "n back"]:
    """Return the share of each row's activation that is lost, in float32, clipped to the range of float16.

    A row with an activation near 0 can lose any multiple of it.
    """
    row, _ = np.nonzero(is_masked)
    if not np.isfinite(masked).all():
        raise ImportanceError(
            f"layer {requested.layer} has activations that are not finite when a token is masked: {NOT_FINITE}"
        )
    with np.errstate(over="ignore"):
        share = 1 - masked.astype(np.float32) / requested.activation[requested.within(examples)][row]
    table = np.full(is_masked.shape, np.nan, dtype=np.float32)
    table[is_masked] = np.clip(share, -LARGEST, LARGEST)
    return table
