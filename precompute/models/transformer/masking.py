"""Prompts with one token masked: every (prompt, masked position) of some readings, once, in as few passes as fit.

Before a causal mask nothing changes, so the keys and values of the clean prompt are computed once and each masked
prompt is only its window (packing.py). The attention mask hides from a token the clean keys that are not before its
window's mask and the other windows of its row; tokens keep their own positions. A pass stops at the last layer that it
is read in, where only the tokens that are read go through the MLP.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer

from precompute.models.source import Readings
from precompute.models.transformer import taps
from precompute.models.transformer.packing import Batch, in_rows, pairs_of, prompts_batch, windows_batch
from precompute.run.memory import Batches

# Tokens of a forward pass: on a CPU as many as keep its cores busy and its caches warm, on a GPU many more.
TOKENS_PER_PASS = {"cpu": 2048, "cuda": 16384}
# Windows that share a row: each adds keys to the attention of the others, and saves a copy of the clean ones.
WINDOWS_PER_ROW = 2


Values = Callable[[Tensor, Tensor, Tensor], Tensor]  # of rows, at some of them, the neuron of each


@dataclass(frozen=True)
class Tap:
    """Where a layer's neurons are read: `values` makes them of what passes `point`, flattened to rows.

    `narrow`, where there is one, comes before: from there on each token is computed alone.
    """

    point: HookPoint
    narrow: HookPoint | None
    values: Values


def picked(
    activations: Float[Tensor, "rows n_neurons"], row: Int[Tensor, " k"], neuron: Int[Tensor, " k"]
) -> Float[Tensor, " k"]:
    """Of what are activations already."""
    return activations[row, neuron]


def mlp_tap(bridge: TransformerBridge, layer: int) -> Tap:
    return Tap(taps.activations(bridge, layer), taps.mlp_input(bridge, layer), picked)


@dataclass(frozen=True)
class Asked:
    """Readings of some prompts, `baseline` standing where a token is masked; `prompts` and `rows` shrink for memory.

    `tap` says where each layer is read.
    """

    bridge: TransformerBridge
    tap: Callable[[int], Tap]
    tokens: Int[Tensor, "batch pos"]
    lengths: Int[Tensor, " batch"]
    readings: Readings
    baseline: Float[Tensor, " d_model"]
    prompts: Batches
    rows: Batches

    @property
    def tokens_per_pass(self) -> int:
        return TOKENS_PER_PASS.get(self.tokens.device.type, TOKENS_PER_PASS["cpu"])


def recompute(asked: Asked, causal: bool) -> Float[np.ndarray, " n"]:
    """Every masked prompt in full; what an encoder needs, and a causal model whose keys and values cannot be reused."""
    pairs = pairs_of(asked.readings)
    needed = pairs.end if causal else asked.lengths.cpu().numpy()[pairs.prompt]
    order = np.lexsort((needed, -pairs.depth))
    pairs, needed = pairs.ordered(order), needed[order]
    values = np.full(len(asked.readings), np.nan, dtype=np.float32)

    def run(part: slice) -> None:
        batch = prompts_batch(pairs, part, int(needed[part].max()), asked.readings)
        real = torch.from_numpy(batch.pos).to(asked.lengths) < asked.lengths[batch.prompt, None]
        values[batch.reading] = activations(asked, asked.readings, batch, attention_mask=real.long())

    in_parts(asked.rows, len(pairs), asked.tokens_per_pass // asked.tokens.shape[1], run)
    return values


def reuse(asked: Asked) -> Float[np.ndarray, " n"]:
    """Every masked prompt as its window only, attending to the clean keys and values before the mask."""
    prompts = np.unique(asked.readings.prompt)
    values = np.full(len(asked.readings), np.nan, dtype=np.float32)

    def run(part: slice) -> None:
        mine = np.flatnonzero(np.isin(asked.readings.prompt, prompts[part]))
        values[mine] = reuse_of(asked, asked.readings.taken(mine), prompts[part])

    in_parts(asked.prompts, len(prompts), asked.tokens_per_pass // asked.tokens.shape[1], run)
    return values


def reuse_of(asked: Asked, readings: Readings, prompts: Int[np.ndarray, " prompts"]) -> Float[np.ndarray, " n"]:
    """The readings of some prompts, whose clean keys and values are held at once."""
    rows = in_rows(pairs_of(readings), WINDOWS_PER_ROW)
    n_clean = max(1, int(readings.masked.max()))
    clean = clean_layers(asked.bridge, asked.tokens[prompts, :n_clean], int(readings.layer.max()))
    values = np.full(len(readings), np.nan, dtype=np.float32)

    def run(part: slice) -> None:
        batch = windows_batch(rows, part, readings)
        at = torch.from_numpy(np.searchsorted(prompts, batch.prompt)).to(asked.tokens.device)
        values[batch.reading] = activations(
            asked,
            readings,
            batch,
            attention_mask=additive(batch.visible(), clean[0].keys),
            position_ids=torch.from_numpy(batch.pos).to(asked.tokens.device),
            past_key_values=Cache([PrefixLayer(layer, at, batch.n_clean) for layer in clean]),
        )

    in_parts(asked.rows, len(rows), asked.tokens_per_pass // int(rows.n_slots.max()), run)
    return values


def in_parts(batches: Batches, total: int, most: int, run: Callable[[slice], None]) -> None:
    """`run` on slices that cover `range(total)`, none longer than `most` or than memory has room for.

    What a slice that ran out of memory had written is written again by its halves.
    """
    most = max(1, most)
    for start in range(0, total, most):
        batches.each(
            min(most, total - start), lambda part, start=start: run(slice(start + part.start, start + part.stop))
        )


class PrefixLayer(DynamicLayer):
    """Clean keys and values of one layer, given to each row of a masked batch and never added to."""

    def __init__(self, clean: DynamicLayer, rows: Int[Tensor, " rows"], length: int):
        super().__init__()
        self.clean, self.rows, self.length = clean, rows, length

    def update(self, key_states: Tensor, value_states: Tensor, *args, **kwargs) -> tuple[Tensor, Tensor]:
        keys, values = (part[:, :, : self.length][self.rows] for part in (self.clean.keys, self.clean.values))
        return torch.cat([keys, key_states], dim=2), torch.cat([values, value_states], dim=2)

    def get_seq_length(self) -> int:
        return self.length


def clean_layers(bridge: TransformerBridge, tokens: Int[Tensor, "prompts pos"], depth: int) -> list[DynamicLayer]:
    """Keys and values of some prompts, up to the layer `depth`."""
    cache = DynamicCache()
    taps.run(bridge, tokens, [(taps.mlp_input(bridge, depth), stop)], past_key_values=cache)
    return cache.layers


def stop(_: Tensor) -> None:
    raise taps.Stop


def additive(visible: Bool[np.ndarray, "rows slots keys"], like: Tensor) -> Float[Tensor, "rows 1 slots keys"]:
    """What attention adds to the scores: nothing where a token sees, the least number where it does not."""
    hidden = torch.from_numpy(~visible).to(like.device)[:, None]
    return torch.zeros(hidden.shape, dtype=like.dtype, device=like.device).masked_fill_(
        hidden, torch.finfo(like.dtype).min
    )


def activations(asked: Asked, readings: Readings, batch: Batch, **options: Any) -> Float[np.ndarray, " k"]:
    """The readings that a batch answers, from one forward pass."""
    device = asked.tokens.device
    wanted = readings.taken(batch.reading)
    found = torch.empty(len(wanted), device=device)
    replaced = torch.from_numpy(batch.pos == batch.masked).to(device)
    hooks = [mask_hook(asked, replaced), *reading_hooks(asked.tap, wanted, batch.token, found)]
    taps.run(asked.bridge, asked.tokens[batch.prompt[:, None], batch.pos], hooks, **options)
    return found.cpu().numpy()


def mask_hook(asked: Asked, replaced: Bool[Tensor, "rows slots"]) -> taps.Hook:
    """Puts the baseline in the place of the masked tokens' embeddings."""

    def replace(embedding: Tensor) -> Tensor:
        return torch.where(replaced[..., None], asked.baseline.to(embedding), embedding)

    return taps.embedding(asked.bridge), replace


def reading_hooks(
    tap: Callable[[int], Tap], wanted: Readings, token: Int[np.ndarray, " k"], found: Float[Tensor, " k"]
) -> Iterator[taps.Hook]:
    """Fill in `found` layer by layer; `token` is where each reading stands in the flattened batch."""
    last = int(wanted.layer.max())
    for layer in np.unique(wanted.layer).tolist():
        at_layer, here = tap(layer), np.flatnonzero(wanted.layer == layer)
        at = token[here]
        if layer == last and at_layer.narrow is not None:
            needed, at = np.unique(at, return_inverse=True)
            yield at_layer.narrow, partial(only, torch.from_numpy(needed).to(found.device))
        index = (torch.from_numpy(column).to(found.device) for column in (here, at, wanted.neuron[here]))
        yield at_layer.point, partial(fill_in, at_layer.values, found, *index, layer == last)


def only(tokens: Int[Tensor, " needed"], x: Float[Tensor, "*shape d_in"]) -> Float[Tensor, "*one needed d_in"]:
    """Some tokens alone; nothing that follows knows the shape of the batch any more."""
    chosen = x.flatten(0, -2)[tokens]
    return chosen if x.ndim == 2 else chosen[None]


def fill_in(
    values: Values,
    found: Float[Tensor, " all"],
    here: Int[Tensor, " k"],
    token: Int[Tensor, " k"],
    neuron: Int[Tensor, " k"],
    is_last: bool,
    passing: Float[Tensor, "*shape d"],
) -> None:
    found[here] = values(passing.flatten(0, -2), token, neuron).float()
    if is_last:
        raise taps.Stop
