"""Prompts with one token masked: every (prompt, masked position) of some readings once, in few forward passes.

Nothing before a causal mask changes, so the keys and values of the clean prompt are computed once and each masked
prompt is only its window (packing.py). The attention mask hides from a token the clean keys at or after its window's
mask and the other windows of its row; tokens keep their own positions. A pass stops at the last layer that is read,
where only the tokens that are read go through the MLP.
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

# Tokens of a forward pass: on a CPU enough to keep its cores busy and its caches warm, on a GPU many more.
TOKENS_PER_PASS = {"cpu": 2048, "cuda": 16384}
# Windows that share a row: each adds keys to the attention of the others, and saves a copy of the clean ones.
WINDOWS_PER_ROW = 2

Values = Callable[[Tensor, Tensor, Tensor], Tensor]  # (values at the hook, rows, neurons) -> activations


@dataclass(frozen=True)
class Tap:
    """Place at which a layer's neurons are read: `values` computes activations from the flattened value at `point`.

    `narrow`, if given, is an earlier point after which each token is computed alone.
    """

    point: HookPoint
    narrow: HookPoint | None
    values: Values


def pick(
    activations: Float[Tensor, "rows n_neurons"], row: Int[Tensor, " k"], neuron: Int[Tensor, " k"]
) -> Float[Tensor, " k"]:
    """Select activations that are already computed."""
    return activations[row, neuron]


def mlp_tap(bridge: TransformerBridge, layer: int) -> Tap:
    return Tap(taps.activations(bridge, layer), taps.mlp_input(bridge, layer), pick)


@dataclass(frozen=True)
class MaskingRequest:
    """Readings of some prompts, with `baseline` in the place of the masked token.

    `tap` gives the place at which a layer is read; `prompts` and `rows` shrink when memory runs out.
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


def recompute(request: MaskingRequest, causal: bool) -> Float[np.ndarray, " n"]:
    """Run every masked prompt in full: for encoders, and causal models that cannot reuse keys and values."""
    pairs = pairs_of(request.readings)
    needed = pairs.end if causal else request.lengths.cpu().numpy()[pairs.prompt]
    order = np.lexsort((needed, -pairs.depth))
    pairs, needed = pairs.ordered(order), needed[order]
    values = np.full(len(request.readings), np.nan, dtype=np.float32)

    def run(part: slice) -> None:
        batch = prompts_batch(pairs, part, int(needed[part].max()), request.readings)
        real = torch.from_numpy(batch.pos).to(request.lengths) < request.lengths[batch.prompt, None]
        values[batch.reading] = activations(request, request.readings, batch, attention_mask=real.long())

    in_parts(request.rows, len(pairs), request.tokens_per_pass // request.tokens.shape[1], run)
    return values


def reuse(request: MaskingRequest) -> Float[np.ndarray, " n"]:
    """Run only the window of every masked prompt, attending to the clean keys and values before the mask."""
    prompts = np.unique(request.readings.prompt)
    values = np.full(len(request.readings), np.nan, dtype=np.float32)

    def run(part: slice) -> None:
        rows = np.flatnonzero(np.isin(request.readings.prompt, prompts[part]))
        values[rows] = reuse_of(request, request.readings.select(rows), prompts[part])

    in_parts(request.prompts, len(prompts), request.tokens_per_pass // request.tokens.shape[1], run)
    return values


def reuse_of(
    request: MaskingRequest, readings: Readings, prompts: Int[np.ndarray, " prompts"]
) -> Float[np.ndarray, " n"]:
    """Return the readings of some prompts, whose clean keys and values are held together."""
    rows = in_rows(pairs_of(readings), WINDOWS_PER_ROW)
    n_clean = max(1, int(readings.masked.max()))
    clean = clean_layers(request.bridge, request.tokens[prompts, :n_clean], int(readings.layer.max()))
    values = np.full(len(readings), np.nan, dtype=np.float32)

    def run(part: slice) -> None:
        batch = windows_batch(rows, part, readings)
        prompt_rows = torch.from_numpy(np.searchsorted(prompts, batch.prompt)).to(request.tokens.device)
        values[batch.reading] = activations(
            request,
            readings,
            batch,
            attention_mask=additive(batch.visible(), clean[0].keys),
            position_ids=torch.from_numpy(batch.pos).to(request.tokens.device),
            past_key_values=Cache([PrefixLayer(layer, prompt_rows, batch.n_clean) for layer in clean]),
        )

    in_parts(request.rows, len(rows), request.tokens_per_pass // int(rows.n_slots.max()), run)
    return values


def in_parts(batches: Batches, total: int, most: int, run: Callable[[slice], None]) -> None:
    """Call `run` on slices that cover `range(total)`, each of at most `most` entries and within memory.

    A slice that runs out of memory is repeated in halves, which overwrite its results.
    """
    most = max(1, most)
    for start in range(0, total, most):
        batches.each(
            min(most, total - start), lambda part, start=start: run(slice(start + part.start, start + part.stop))
        )


class PrefixLayer(DynamicLayer):
    """Clean keys and values of one layer, shared by the rows of a masked batch and never extended."""

    def __init__(self, clean: DynamicLayer, rows: Int[Tensor, " rows"], length: int):
        super().__init__()
        self.clean, self.rows, self.length = clean, rows, length

    def update(self, key_states: Tensor, value_states: Tensor, *args, **kwargs) -> tuple[Tensor, Tensor]:
        keys, values = (part[:, :, : self.length][self.rows] for part in (self.clean.keys, self.clean.values))
        return torch.cat([keys, key_states], dim=2), torch.cat([values, value_states], dim=2)

    def get_seq_length(self) -> int:
        return self.length


def clean_layers(bridge: TransformerBridge, tokens: Int[Tensor, "prompts pos"], depth: int) -> list[DynamicLayer]:
    """Return keys and values of some prompts, up to the layer `depth`."""
    cache = DynamicCache()
    taps.run(bridge, tokens, [(taps.mlp_input(bridge, depth), stop)], past_key_values=cache)
    return cache.layers


def stop(_: Tensor) -> None:
    raise taps.Stop


def additive(visible: Bool[np.ndarray, "rows slots keys"], like: Tensor) -> Float[Tensor, "rows 1 slots keys"]:
    """Return the mask added to attention scores: 0 where a token sees, the lowest number where it does not."""
    hidden = torch.from_numpy(~visible).to(like.device)[:, None]
    return torch.zeros(hidden.shape, dtype=like.dtype, device=like.device).masked_fill_(
        hidden, torch.finfo(like.dtype).min
    )


def activations(request: MaskingRequest, readings: Readings, batch: Batch, **options: Any) -> Float[np.ndarray, " k"]:
    """Return the readings that belong to a batch, from one forward pass."""
    device = request.tokens.device
    batch_readings = readings.select(batch.reading)
    values = torch.empty(len(batch_readings), device=device)
    replaced = torch.from_numpy(batch.pos == batch.masked).to(device)
    hooks = [mask_hook(request, replaced), *reading_hooks(request.tap, batch_readings, batch.token, values)]
    taps.run(request.bridge, request.tokens[batch.prompt[:, None], batch.pos], hooks, **options)
    return values.cpu().numpy()


def mask_hook(request: MaskingRequest, replaced: Bool[Tensor, "rows slots"]) -> taps.Hook:
    """Return the hook that replaces the masked tokens' embeddings with the baseline."""

    def replace(embedding: Tensor) -> Tensor:
        return torch.where(replaced[..., None], request.baseline.to(embedding), embedding)

    return taps.embedding(request.bridge), replace


def reading_hooks(
    tap: Callable[[int], Tap], readings: Readings, token: Int[np.ndarray, " k"], out: Float[Tensor, " k"]
) -> Iterator[taps.Hook]:
    """Yield the hooks that fill `out` layer by layer; `token` is each reading's index in the flattened batch."""
    last = int(readings.layer.max())
    for layer in np.unique(readings.layer).tolist():
        layer_tap, entries = tap(layer), np.flatnonzero(readings.layer == layer)
        slots = token[entries]
        if layer == last and layer_tap.narrow is not None:
            needed, slots = np.unique(slots, return_inverse=True)
            yield layer_tap.narrow, partial(keep_tokens, torch.from_numpy(needed).to(out.device))
        index = (torch.from_numpy(column).to(out.device) for column in (entries, slots, readings.neuron[entries]))
        yield layer_tap.point, partial(write_values, layer_tap.values, out, *index, layer == last)


def keep_tokens(tokens: Int[Tensor, " needed"], x: Float[Tensor, "*shape d_in"]) -> Float[Tensor, "*one needed d_in"]:
    """Keep some tokens only; later modules need not know the shape of the batch."""
    rows = x.flatten(0, -2)[tokens]
    return rows if x.ndim == 2 else rows[None]


def write_values(
    values: Values,
    out: Float[Tensor, " all"],
    entries: Int[Tensor, " k"],
    token: Int[Tensor, " k"],
    neuron: Int[Tensor, " k"],
    is_last: bool,
    value: Float[Tensor, "*shape d"],
) -> None:
    out[entries] = values(value.flatten(0, -2), token, neuron).float()
    if is_last:
        raise taps.Stop
