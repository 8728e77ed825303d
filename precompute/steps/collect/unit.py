"""One work unit of collection: a forward pass over its examples, of which it returns only the candidates' values."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ne_core.half import LARGEST
from ne_core.text.windows import Window
from precompute.models.open_model import load_model
from precompute.models.source import LayerPass, Source
from precompute.run.memory import batches
from precompute.steps.collect.job import NOT_FINITE, CollectError, CollectJob, Hints
from precompute.steps.collect.part import LayerPart, unit_part

BLOCK = 16  # positions reduced to their highest activation before the position itself is determined


def work_candidates(job: CollectJob, payload: tuple[int, Hints]) -> dict[str, np.ndarray]:
    """Compute `unit_candidates` with the model of the job, in a worker."""
    return unit_candidates(load_model(job.model), job, payload)


def unit_candidates(source: Source, job: CollectJob, payload: tuple[int, Hints]) -> dict[str, np.ndarray]:
    """Return the candidates and the sample of one unit, as flat arrays `LAYER/NAME` (part.py).

    Raises CollectError for activations or inputs that are not finite, and MemoryShortageError.
    """
    unit, hints = payload
    examples = job.examples(unit)
    read = batches(source, "examples").each(
        examples.stop - examples.start,
        lambda batch: batch_parts(source, job, hints, slice(examples.start + batch.start, examples.start + batch.stop)),
    )
    by_layer = {layer: unit_part([parts[layer] for parts in read], job.rules[layer]) for layer in job.layers}
    return {name: values for layer, part in by_layer.items() for name, values in part.arrays(layer).items()}


@dataclass(frozen=True)
class Batch:
    """Examples of one forward pass: the number of the first, and masks of their positions."""

    start: int
    lengths: Int[np.ndarray, " batch"]
    allowed: Bool[np.ndarray, "batch pos"]
    sampled: Bool[np.ndarray, "batch pos"]
    window: Window


def batch_parts(source: Source, job: CollectJob, hints: Hints, examples: slice) -> dict[int, LayerPart]:
    """Run one forward pass and return its part of each layer."""
    inside = job.lengths[examples], job.allowed[examples], job.sampled[examples]
    batch = Batch(examples.start, *inside, job.window)
    tokens, lengths = (
        torch.from_numpy(values[examples].astype(np.int64)).to(source.device) for values in (job.tokens, job.lengths)
    )
    parts: dict[int, LayerPart] = {}

    def visit(layer_pass: LayerPass) -> None:
        parts[layer_pass.layer] = layer_part(source, job, hints, layer_pass, batch)

    source.read(tokens, lengths, visit, job.layers)
    return parts


def layer_part(source: Source, job: CollectJob, hints: Hints, layer_pass: LayerPass, batch: Batch) -> LayerPart:
    """Return a layer's candidates and sample; only their activations and inputs are copied from the device."""
    layer = layer_pass.layer
    block_maxima = peaks(layer_pass.activations, batch.allowed)
    best = check_finite(layer, block_maxima.amax(dim=1).float().cpu().numpy())
    highest = best.max(axis=0)
    neuron, row = np.nonzero(may_be_selected(job, hints, layer, best).T)
    candidates = CandidateIndex(*(torch.from_numpy(index).to(layer_pass.x.device) for index in (row, neuron)))
    pos = key_positions(layer_pass.activations, block_maxima, batch.allowed, candidates)
    place, x_row = unique_places(row * batch.allowed.shape[1] + pos.cpu().numpy(), batch.allowed.size)
    sample_places = np.flatnonzero(batch.sampled)
    return LayerPart(
        highest=highest,
        neuron=neuron.astype(np.int32),
        example=(batch.start + row).astype(np.int32),
        activation=best[row, neuron],
        pos=pos.cpu().numpy().astype(np.int16),
        window_activations=windows(layer_pass.activations, batch, candidates, pos),
        x_row=x_row,
        x=inputs(source, layer_pass, place),
        sample_x=inputs(source, layer_pass, sample_places),
        sample_activations=sampled_activations(layer_pass, sample_places),
    )


@dataclass(frozen=True)
class CandidateIndex:
    """Example in the batch and neuron of each candidate, on the device."""

    row: Int[Tensor, " n"]
    neuron: Int[Tensor, " n"]

    def windows_from(
        self, values: Float[Tensor, "batch pos n_neurons"], start: Int[Tensor, " n"], width: int
    ) -> Float[Tensor, "n width"]:
        """Return `width` values of each candidate, from its position `start`."""
        return values.unfold(1, width, 1)[self.row, start, self.neuron]


def block_starts(allowed: Bool[np.ndarray, "batch pos"]) -> list[int]:
    """Return the first position of each block, beginning at the first allowed position, to exclude position 0."""
    somewhere = np.flatnonzero(allowed.any(axis=0))
    return list(range(somewhere[0], somewhere[-1] + 1, BLOCK)) if len(somewhere) else [0]


def peaks(
    activations: Float[Tensor, "batch pos n_neurons"], allowed: Bool[np.ndarray, "batch pos"]
) -> Float[Tensor, "batch n_blocks n_neurons"]:
    """Return the highest activation of each block of positions, −∞ if none of them may be a key token."""
    maxima = []
    for start in block_starts(allowed):
        block, allowed_in_block = activations[:, start : start + BLOCK], allowed[:, start : start + BLOCK]
        if not allowed_in_block.all():  # a copy, of this block only
            block = block.masked_fill(torch.from_numpy(~allowed_in_block).to(block.device)[:, :, None], -torch.inf)
        maxima.append(block.amax(dim=1))
    return torch.stack(maxima, dim=1)


def key_positions(
    activations: Float[Tensor, "batch pos n_neurons"],
    block_maxima: Float[Tensor, "batch n_blocks n_neurons"],
    allowed: Bool[np.ndarray, "batch pos"],
    candidates: CandidateIndex,
) -> Int[Tensor, " n"]:
    """Return the first allowed position with the highest activation: first its block, then the position in it."""
    starts = torch.tensor(block_starts(allowed), device=activations.device)
    start = starts[block_maxima[candidates.row, :, candidates.neuron].argmax(dim=1)]
    width = min(BLOCK, allowed.shape[1])
    start = start.clamp(max=allowed.shape[1] - width)  # the last block may be shorter; the values before it are lower
    is_allowed = torch.from_numpy(allowed).to(activations.device).unfold(1, width, 1)[candidates.row, start]
    return start + candidates.windows_from(activations, start, width).masked_fill(~is_allowed, -torch.inf).argmax(dim=1)


def windows(
    activations: Float[Tensor, "batch pos n_neurons"], batch: Batch, candidates: CandidateIndex, pos: Int[Tensor, " n"]
) -> Float[np.ndarray, "n n_window"]:
    """Return the activations around the key tokens, NaN outside the example."""
    first = pos + 1 - batch.window.back
    width = min(batch.window.size, activations.shape[1])
    start = first.clamp(0, activations.shape[1] - width)
    pos_in_window = first[:, None] + torch.arange(batch.window.size, device=pos.device)
    lengths = torch.from_numpy(batch.lengths.astype(np.int64)).to(pos.device)
    outside = (pos_in_window < 0) | (pos_in_window >= lengths[candidates.row, None])
    values = to_half(candidates.windows_from(activations, start, width))
    return (
        values.gather(1, (pos_in_window - start[:, None]).clamp(0, width - 1))
        .masked_fill(outside, torch.nan)
        .cpu()
        .numpy()
    )


def may_be_selected(
    job: CollectJob, hints: Hints, layer: int, best: Float[np.ndarray, "batch n_neurons"]
) -> Bool[np.ndarray, "batch n_neurons"]:
    """Return whether each example may still be selected for each neuron."""
    rule, lowest = job.rules[layer], np.float32(-np.inf)
    threshold = rule.threshold(np.maximum(best.max(axis=0), hints.highest.get(layer, lowest)))
    return (best >= threshold) & (rule.worth(best, threshold) > hints.bar.get(layer, lowest))


def unique_places(place: Int[np.ndarray, " n"], n_places: int) -> tuple[Int[np.ndarray, " n_x"], Int[np.ndarray, " n"]]:
    """Return the distinct places in rising order, and the index of each place among them."""
    needed = np.zeros(n_places, dtype=bool)
    needed[place] = True
    return np.flatnonzero(needed), (np.cumsum(needed, dtype=np.int32) - 1)[place]


def inputs(source: Source, layer_pass: LayerPass, place: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n d_in"]:
    """Return x at places of the batch, in the form that the layer's weights multiply. Raises CollectError."""
    x = source.inputs(layer_pass.layer, rows_at_places(layer_pass.x, place))
    if not bool(torch.isfinite(x).all()):
        raise CollectError(f"layer {layer_pass.layer} has an input x that is not finite: {NOT_FINITE}")
    return to_half(x).cpu().numpy()


def sampled_activations(layer_pass: LayerPass, place: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n n_neurons"]:
    """Return the activations of all neurons at allowed places of the batch, which `check_finite` has checked."""
    return to_half(rows_at_places(layer_pass.activations, place)).cpu().numpy()


def to_half(values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return float16 values, clipped to its range; in float32 first, as bfloat16 would round the limits beyond it."""
    return values.float().clamp(-LARGEST, LARGEST).half()


def rows_at_places(values: Float[Tensor, "batch pos d"], place: Int[np.ndarray, " n"]) -> Float[Tensor, "n d"]:
    return values.flatten(0, 1)[torch.from_numpy(place).to(values.device)]


def check_finite(layer: int, best: Float[np.ndarray, "batch n_neurons"]) -> Float[np.ndarray, "batch n_neurons"]:
    """Return `best` unchanged, −∞ without any activation. Raises CollectError for NaN or +∞."""
    if np.isnan(best).any() or np.isposinf(best).any():
        raise CollectError(f"layer {layer} has activations that are not finite: {NOT_FINITE}")
    return best
