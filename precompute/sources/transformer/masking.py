"""Prompts with one token masked: every (prompt, masked position) of a batch, once, in as few forward passes as fit.

Before a causal mask nothing changes, so the keys and values of the clean prompt are computed once and each masked
prompt is only its window. Windows with different masked positions share a forward pass: every row has room for as many
clean keys as the row that needs most, the attention mask hides those that are not before the row's own mask, and its
tokens keep their own positions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer

from precompute.source import MaskedPass
from precompute.sources.transformer import taps

# What bounds the memory of a forward pass: the tokens computed in it, and the keys, clean ones included, attended to.
TOKENS_PER_PASS = 4096
KEYS_PER_PASS = 32768


@dataclass(frozen=True)
class Masking:
    """What is asked of every masked prompt: the vector in the masked token's place, how far to look, which layers."""

    baseline: Float[Tensor, " d_model"]
    n_after: int
    layers: Sequence[int]
    visit: Callable[[MaskedPass], None]


def recompute(
    bridge: TransformerBridge,
    tokens: Int[Tensor, "batch pos"],
    lengths: Int[Tensor, " batch"],
    wanted: Int[Tensor, "pairs 2"],
    masking: Masking,
    causal: bool,
) -> None:
    """Every masked prompt in full; what an encoder needs, and a causal model whose keys and values cannot be reused."""
    n_pos = tokens.shape[1]

    def window(masked: int) -> slice:
        return slice(masked, masked + masking.n_after)

    def whole(_: int) -> slice:
        return slice(None)

    for pairs in _by_position(wanted).split(max(1, TOKENS_PER_PASS // n_pos)):
        prompts, masked = pairs.unbind(1)
        end = min(n_pos, int(masked[-1]) + masking.n_after) if causal else n_pos
        real = torch.arange(end, device=tokens.device) < lengths[prompts, None]
        read = _reading(bridge, pairs, masking, window if causal else whole, whole_prompt=not causal)
        hooks = [_mask_hook(bridge, masked, masking.baseline), *read]
        taps.run(bridge, tokens[prompts, :end], hooks, attention_mask=real.long())


def reuse(
    bridge: TransformerBridge, tokens: Int[Tensor, "batch pos"], wanted: Int[Tensor, "pairs 2"], masking: Masking
) -> None:
    """Every masked prompt as its window only, attending to the clean keys and values before the mask."""
    for prompts in wanted[:, 0].unique().split(max(1, TOKENS_PER_PASS // tokens.shape[1])):
        pairs = _by_position(wanted[torch.isin(wanted[:, 0], prompts)])
        clean = _clean_prefix(bridge, tokens[prompts, : max(1, int(pairs[-1, 1]))], masking.layers)
        while len(pairs):
            n_rows = _rows_that_fit(pairs, masking.n_after)
            _window_pass(bridge, tokens, pairs[:n_rows], prompts, clean, masking)
            pairs = pairs[n_rows:]


class _PrefixLayer(DynamicLayer):
    """Clean keys and values of one layer, given to each row of a masked batch and never added to."""

    def __init__(self, clean: DynamicLayer, rows: Int[Tensor, " rows"], length: int):
        super().__init__()
        self.clean, self.rows, self.length = clean, rows, length

    def update(self, key_states: Tensor, value_states: Tensor, *args, **kwargs) -> tuple[Tensor, Tensor]:
        keys, values = (part[:, :, : self.length][self.rows] for part in (self.clean.keys, self.clean.values))
        return torch.cat([keys, key_states], dim=2), torch.cat([values, value_states], dim=2)

    def get_seq_length(self) -> int:
        return self.length


def _by_position(wanted: Int[Tensor, "pairs 2"]) -> Int[Tensor, "pairs 2"]:
    """Sorted by masked position, so that a forward pass holds windows that need about the same prefix."""
    return wanted[wanted[:, 1].argsort(stable=True)]


def _clean_prefix(
    bridge: TransformerBridge, tokens: Int[Tensor, "batch pos"], layers: Sequence[int]
) -> list[DynamicLayer]:
    cache = DynamicCache()
    taps.run(bridge, tokens, [(taps.activations(bridge, max(layers)), _stop)], past_key_values=cache)
    return cache.layers


def _stop(_: Tensor) -> None:
    raise taps.Stop


def _rows_that_fit(pairs: Int[Tensor, "pairs 2"], n_after: int) -> int:
    """How many of the pairs, which are sorted by position, one forward pass takes."""
    keys = (pairs[:, 1] + n_after) * torch.arange(1, len(pairs) + 1, device=pairs.device)
    return max(1, min(TOKENS_PER_PASS // n_after, int((keys <= KEYS_PER_PASS).sum())))


def _window_pass(
    bridge: TransformerBridge,
    tokens: Int[Tensor, "batch pos"],
    pairs: Int[Tensor, "rows 2"],
    prompts: Int[Tensor, " clean"],
    clean: list[DynamicLayer],
    masking: Masking,
) -> None:
    rows, masked = pairs.unbind(1)
    n_clean, n_pos = int(masked[-1]), tokens.shape[1]
    width = min(masking.n_after, n_pos - int(masked[0]))
    positions = masked[:, None] + torch.arange(width, device=tokens.device)
    positions = positions.clamp(max=n_pos - 1)  # past the end of the prompt: computed with the others, never shown
    visible = torch.arange(n_clean + width, device=tokens.device)
    visible = (visible < masked[:, None]) | (visible >= n_clean)
    at = torch.searchsorted(prompts, rows.contiguous())
    read = _reading(bridge, pairs, masking, lambda masked: slice(0, min(masking.n_after, n_pos - masked)))
    taps.run(
        bridge,
        tokens[rows[:, None], positions],
        [_mask_hook(bridge, torch.zeros_like(masked), masking.baseline), *read],
        attention_mask=visible.long(),
        position_ids=positions,
        past_key_values=Cache([_PrefixLayer(layer, at, n_clean) for layer in clean]),
    )


def _mask_hook(bridge: TransformerBridge, at: Int[Tensor, " rows"], baseline: Float[Tensor, " d_model"]) -> taps.Hook:
    """Puts the baseline in the place of one token's embedding in every row."""

    def replace(embedding: Tensor) -> Tensor:
        embedding = embedding.clone()
        embedding[torch.arange(len(at), device=at.device), at] = baseline.to(embedding)
        return embedding

    return taps.embedding(bridge), replace


def _reading(
    bridge: TransformerBridge,
    pairs: Int[Tensor, "rows 2"],
    masking: Masking,
    columns: Callable[[int], slice],
    whole_prompt: bool = False,
) -> list[taps.Hook]:
    """Hooks that show each layer's activations, `columns(masked)` of them, one masked position at a time."""
    prompts, masked = pairs.unbind(1)
    positions, sizes = (part.tolist() for part in masked.unique_consecutive(return_counts=True))
    last = max(masking.layers)

    def show(layer: int, activations: Tensor) -> None:
        for at, index, part in zip(positions, prompts.split(sizes), activations.split(sizes), strict=True):
            start = 0 if whole_prompt else at
            masking.visit(MaskedPass(at, index, layer, start, part[:, columns(at)]))
        if layer == last:
            raise taps.Stop

    return [(taps.activations(bridge, layer), partial(show, layer)) for layer in masking.layers]
