"""One work unit of collection: a forward pass over its examples, of which only the candidates' values stay."""

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

BLOCK = 16  # positions whose highest activation is found together, before it is asked which of them has it


def work_candidates(job: CollectJob, payload: tuple[int, Hints]) -> dict[str, np.ndarray]:
    """`unit_candidates` with the job's own model."""
    return unit_candidates(load_model(job.model), job, payload)


def unit_candidates(source: Source, job: CollectJob, payload: tuple[int, Hints]) -> dict[str, np.ndarray]:
    """The candidates and the sample of one unit, as flat arrays `LAYER/NAME` (part.py).

    Raises CollectError for activations or inputs that are not finite, MemoryShortageError.
    """
    unit, hints = payload
    examples = job.examples(unit)
    read = batches(source, "examples").each(
        examples.stop - examples.start,
        lambda some: batch_parts(source, job, hints, slice(examples.start + some.start, examples.start + some.stop)),
    )
    whole = {layer: unit_part([parts[layer] for parts in read], job.rules[layer]) for layer in job.layers}
    return {name: values for layer, part in whole.items() for name, values in part.arrays(layer).items()}


@dataclass(frozen=True)
class Batch:
    """Examples that go through the model together: the number of the first, and what is known of their positions."""

    start: int
    lengths: Int[np.ndarray, " batch"]
    allowed: Bool[np.ndarray, "batch pos"]
    sampled: Bool[np.ndarray, "batch pos"]
    window: Window


def batch_parts(source: Source, job: CollectJob, hints: Hints, examples: slice) -> dict[int, LayerPart]:
    """One forward pass, by layer."""
    inside = job.lengths[examples], job.allowed[examples], job.sampled[examples]
    batch = Batch(examples.start, *inside, job.window)
    tokens, lengths = (
        torch.from_numpy(values[examples].astype(np.int64)).to(source.device) for values in (job.tokens, job.lengths)
    )
    parts: dict[int, LayerPart] = {}

    def visit(found: LayerPass) -> None:
        parts[found.layer] = layer_part(source, job, hints, found, batch)

    source.read(tokens, lengths, visit, job.layers)
    return parts


def layer_part(source: Source, job: CollectJob, hints: Hints, found: LayerPass, batch: Batch) -> LayerPart:
    """Only what its candidates and its sample need of a layer's activations and inputs leaves the device."""
    layer = found.layer
    highest = peaks(found.activations, batch.allowed)
    best = checked(layer, highest.amax(dim=1).float().cpu().numpy())
    seen = best.max(axis=0)
    neuron, row = np.nonzero(hopeful(job, hints, layer, best).T)
    where = Where(*(torch.from_numpy(numbers).to(found.x.device) for numbers in (row, neuron)))
    pos = key_positions(found.activations, highest, batch.allowed, where)
    place, x_row = once(row * batch.allowed.shape[1] + pos.cpu().numpy(), batch.allowed.size)
    sample = np.flatnonzero(batch.sampled)
    return LayerPart(
        seen=seen,
        neuron=neuron.astype(np.int32),
        example=(batch.start + row).astype(np.int32),
        activation=best[row, neuron],
        pos=pos.cpu().numpy().astype(np.int16),
        window_activations=windows(found.activations, batch, where, pos),
        x_row=x_row,
        x=inputs(source, found, place),
        sample_x=inputs(source, found, sample),
        sample_activations=activations_at(found, sample),
    )


@dataclass(frozen=True)
class Where:
    """Candidates on the device: which example of the batch, and which neuron."""

    row: Int[Tensor, " n"]
    neuron: Int[Tensor, " n"]

    def slices(
        self, values: Float[Tensor, "batch pos n_neurons"], start: Int[Tensor, " n"], width: int
    ) -> Float[Tensor, "n width"]:
        """So many values of each, from its start."""
        return values.unfold(1, width, 1)[self.row, start, self.neuron]


def block_starts(allowed: Bool[np.ndarray, "batch pos"]) -> list[int]:
    """From the first position that may be a key token in some example, so that position 0 does not spoil a block."""
    somewhere = np.flatnonzero(allowed.any(axis=0))
    return list(range(somewhere[0], somewhere[-1] + 1, BLOCK)) if len(somewhere) else [0]


def peaks(
    activations: Float[Tensor, "batch pos n_neurons"], allowed: Bool[np.ndarray, "batch pos"]
) -> Float[Tensor, "batch n_blocks n_neurons"]:
    """The highest activation of each block of positions, −∞ where none of them may be a key token."""
    found = []
    for start in block_starts(allowed):
        block, free = activations[:, start : start + BLOCK], allowed[:, start : start + BLOCK]
        if not free.all():  # a copy, of this block only
            block = block.masked_fill(torch.from_numpy(~free).to(block.device)[:, :, None], -torch.inf)
        found.append(block.amax(dim=1))
    return torch.stack(found, dim=1)


def key_positions(
    activations: Float[Tensor, "batch pos n_neurons"],
    highest: Float[Tensor, "batch n_blocks n_neurons"],
    allowed: Bool[np.ndarray, "batch pos"],
    where: Where,
) -> Int[Tensor, " n"]:
    """The first allowed position that has the highest activation: first the block, then the place in it."""
    starts = torch.tensor(block_starts(allowed), device=activations.device)
    start = starts[highest[where.row, :, where.neuron].argmax(dim=1)]
    width = min(BLOCK, allowed.shape[1])
    start = start.clamp(max=allowed.shape[1] - width)  # the last block may be shorter; what precedes it is lower
    free = torch.from_numpy(allowed).to(activations.device).unfold(1, width, 1)[where.row, start]
    return start + where.slices(activations, start, width).masked_fill(~free, -torch.inf).argmax(dim=1)


def windows(
    activations: Float[Tensor, "batch pos n_neurons"], batch: Batch, where: Where, pos: Int[Tensor, " n"]
) -> Float[np.ndarray, "n n_window"]:
    """Activations around the key tokens, NaN outside the example: as much as lies in the context, moved into place."""
    first = pos + 1 - batch.window.back
    width = min(batch.window.size, activations.shape[1])
    start = first.clamp(0, activations.shape[1] - width)
    at = first[:, None] + torch.arange(batch.window.size, device=pos.device)
    lengths = torch.from_numpy(batch.lengths.astype(np.int64)).to(pos.device)
    outside = (at < 0) | (at >= lengths[where.row, None])
    taken = half(where.slices(activations, start, width))
    return taken.gather(1, (at - start[:, None]).clamp(0, width - 1)).masked_fill(outside, torch.nan).cpu().numpy()


def hopeful(
    job: CollectJob, hints: Hints, layer: int, best: Float[np.ndarray, "batch n_neurons"]
) -> Bool[np.ndarray, "batch n_neurons"]:
    """Whether each neuron may keep each example, for all that is known."""
    rule, nothing = job.rules[layer], np.float32(-np.inf)
    threshold = rule.threshold(np.maximum(best.max(axis=0), hints.seen.get(layer, nothing)))
    return (best >= threshold) & (rule.worth(best, threshold) > hints.bar.get(layer, nothing))


def once(place: Int[np.ndarray, " n"], n_places: int) -> tuple[Int[np.ndarray, " n_x"], Int[np.ndarray, " n"]]:
    """Each place once, rising, and which of them each is."""
    needed = np.zeros(n_places, dtype=bool)
    needed[place] = True
    return np.flatnonzero(needed), (np.cumsum(needed, dtype=np.int32) - 1)[place]


def inputs(source: Source, found: LayerPass, place: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n d_in"]:
    """x at some places of the batch, in the form that the layer's weights multiply. Raises CollectError."""
    x = source.inputs(found.layer, rows_at(found.x, place))
    if not bool(torch.isfinite(x).all()):
        raise CollectError(f"layer {found.layer} has an input x that is not finite: {NOT_FINITE}")
    return half(x).cpu().numpy()


def activations_at(found: LayerPass, place: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n n_neurons"]:
    """Of all neurons, at some places of the batch, all of which may be key tokens: `checked` has seen them."""
    return half(rows_at(found.activations, place)).cpu().numpy()


def half(values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """As float16, what is beyond it at its ends. In float32 first: bfloat16 would round these ends beyond it."""
    return values.float().clamp(-LARGEST, LARGEST).half()


def rows_at(values: Float[Tensor, "batch pos d"], place: Int[np.ndarray, " n"]) -> Float[Tensor, "n d"]:
    return values.flatten(0, 1)[torch.from_numpy(place).to(values.device)]


def checked(layer: int, best: Float[np.ndarray, "batch n_neurons"]) -> Float[np.ndarray, "batch n_neurons"]:
    """As they are, −∞ for no activation at all. Raises CollectError for what is no number."""
    if np.isnan(best).any() or np.isposinf(best).any():
        raise CollectError(f"layer {layer} has activations that are not finite: {NOT_FINITE}")
    return best
