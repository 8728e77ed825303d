"""What a model does on a few tokens. An architecture is fit when it is seen to behave so, whatever it is called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.generalized_components import NormalizationBridge

from precompute.models.source import UnfitModelError
from precompute.models.transformer import taps
from precompute.models.transformer.folding import Norm, close, recognised

PROBE_TOKENS = 12
# Far below what a token that is seen changes, also in half precision, where a token that is not seen changes nothing.
CAUSAL_TOLERANCE = 1e-5


@dataclass(frozen=True)
class LayerRead:
    """Where a layer's x is read, and the norm that is still to be applied to it (None: x is what the MLP is given)."""

    x: HookPoint
    norm: Norm | None


def probe_tokens(ids: Int[np.ndarray, " n"], length: int = PROBE_TOKENS) -> Int[Tensor, "2 pos"]:
    """Two prompts of arbitrary tokens that differ in the last one only, where there are two ids to choose from."""
    at = (np.arange(length) * 7919 + 13) % len(ids)
    tokens = torch.from_numpy(ids[at].astype(np.int64))
    other = tokens.clone()
    other[-1] = int(ids[(at[-1] + 1) % len(ids)])
    return torch.stack([tokens, other])


def behaviour(
    bridge: TransformerBridge, layers: Sequence[int], tokens: Int[Tensor, "2 pos"], tolerance: float, fold: bool
) -> tuple[dict[int, LayerRead], bool]:
    """How each layer is read, and whether the model is causal; refuses layers whose neurons are not plain ones."""
    points = {layer: _points(bridge, layer) for layer in layers}
    seen: dict[HookPoint, Tensor] = {}
    hooks = {point: keep(seen, point) for of_layer in points.values() for point in of_layer}
    taps.run(bridge, tokens, list(hooks.items()), attention_mask=torch.ones_like(tokens))
    for layer in layers:
        _check_identity(bridge, layer, seen, tolerance)
    raw = {layer: LayerRead(taps.mlp_input(bridge, layer), None) for layer in layers}
    read = {layer: _folded(bridge, layer, seen, tolerance) or raw[layer] for layer in layers} if fold else raw
    return read, _is_causal(seen[taps.mlp_input(bridge, layers[-1])])


def weights(
    bridge: TransformerBridge, layer: int, gated_embedding: str
) -> tuple[Float[Tensor, "d_in n_neurons"], Float[Tensor, " n_neurons"]]:
    """Raw input weights and biases: those of the gate where there is one, unless "in" is asked for."""
    mlp = bridge.blocks[layer].mlp
    column = "gate" if gated_embedding == "gate" and getattr(mlp, "W_gate", None) is not None else "in"
    W, b = getattr(mlp, f"W_{column}"), getattr(mlp, f"b_{column}")
    W = W.detach().float()
    return W, W.new_zeros(W.shape[1]) if b is None else b.detach().float()


def _points(bridge: TransformerBridge, layer: int) -> list[HookPoint]:
    mlp = getattr(bridge.blocks[layer], "mlp", None)
    # A mixture of experts has an mlp, but no one matrix that all its neurons read through.
    if not all(isinstance(getattr(mlp, name, None), torch.Tensor) for name in ("W_in", "W_out")):
        raise UnfitModelError(f"layer {layer} has no dense MLP (a mixture of experts, or none); no neurons to read")
    points = [taps.mlp_input(bridge, layer), taps.pre_activations(bridge, layer), taps.activations(bridge, layer)]
    norms = [point for norm in _norms(bridge, layer) for point in (norm.hook_in, norm.hook_out)]
    return [*points, *norms, *_after(bridge, layer)]


def _after(bridge: TransformerBridge, layer: int) -> list[HookPoint]:
    """Where the residual stream after a block may be seen: some blocks show only what the next one is given."""
    blocks, head = bridge.blocks, getattr(bridge, "unembed", None)
    following = [blocks[layer + 1].hook_in] if layer + 1 < len(blocks) else [head.hook_in] if head is not None else []
    return [blocks[layer].hook_out, *following]


def _norms(bridge: TransformerBridge, layer: int) -> list[NormalizationBridge]:
    return [module for module in bridge.blocks[layer].modules() if isinstance(module, NormalizationBridge)]


def keep(seen: dict[HookPoint, Tensor], point: HookPoint) -> Callable[[Tensor], None]:
    def keep(tensor: Tensor) -> None:
        seen[point] = tensor

    return keep


def _check_identity(bridge: TransformerBridge, layer: int, seen: dict[HookPoint, Tensor], tolerance: float) -> None:
    """METHOD §1: x · W + b must be the pre-activations that the model itself computes."""
    reading = [taps.mlp_input(bridge, layer), taps.pre_activations(bridge, layer), taps.activations(bridge, layer)]
    if not all(point in seen for point in reading):
        raise UnfitModelError(f"layer {layer}: its MLP does not show its inputs and activations to transformer_lens")
    x, z, a = (_rows(seen[point]) for point in reading)
    W, b = weights(bridge, layer, "gate")
    fits = x.shape[1] == len(W) and z.shape == a.shape and z.shape[1] == len(b)
    if not fits or not close(x @ W + b, z, tolerance):
        raise UnfitModelError(f"layer {layer}: its MLP is no activation function of x · W_in + b_in; cannot be read")


def _folded(bridge: TransformerBridge, layer: int, seen: dict[HookPoint, Tensor], tolerance: float) -> LayerRead | None:
    """The norm whose output the MLP reads; None where that output is the residual stream itself, as in BERT."""
    x, streams = seen[taps.mlp_input(bridge, layer)], [seen[point] for point in _after(bridge, layer) if point in seen]
    if not streams:
        raise UnfitModelError(
            f"layer {layer} does not show what it gives on to transformer_lens; raw weights would work"
        )
    norms = [norm for norm in _norms(bridge, layer) if norm.hook_in in seen and norm.hook_out in seen]
    before_mlp = [norm for norm in norms if same(seen[norm.hook_out], x)]
    if not before_mlp or any(same(seen[norm.hook_out], streams[0]) for norm in norms):
        return None
    module = before_mlp[0].original_component
    norm = recognised(module, _rows(seen[before_mlp[0].hook_in]), _rows(x), tolerance)
    if norm is None:
        raise UnfitModelError(
            f"layer {layer}: {type(module).__name__} is neither LayerNorm nor RMSNorm and cannot be folded; "
            "raw weights would work"
        )
    return LayerRead(before_mlp[0].hook_in, norm)


def _rows(tensor: Tensor) -> Float[Tensor, "rows d"]:
    return tensor.reshape(-1, tensor.shape[-1]).float()


def same(a: Tensor, b: Tensor) -> bool:
    return a.shape[-1] == b.shape[-1] and a.numel() == b.numel() and torch.equal(_rows(a), _rows(b))


def _is_causal(x: Float[Tensor, "2 pos d_in"]) -> bool:
    """Whether the last token, in which the two prompts differ, leaves every earlier position alone."""
    return close(x[0, :-1], x[1, :-1], CAUSAL_TOLERANCE)
