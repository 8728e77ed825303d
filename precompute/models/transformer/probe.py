"""Properties of a model measured on a few tokens: support depends on behaviour, not on the architecture's name."""

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
from precompute.models.transformer.folding import Norm, close, recognise

PROBE_TOKENS = 12
# Far below the effect of a visible token, also in half precision; a token that is not visible has no effect.
CAUSAL_TOLERANCE = 1e-5


@dataclass(frozen=True)
class LayerRead:
    """Hook point of a layer's x, and the norm still to be applied to it (None: x is the MLP's input)."""

    x: HookPoint
    norm: Norm | None


def probe_tokens(ids: Int[np.ndarray, " n"], length: int = PROBE_TOKENS) -> Int[Tensor, "2 pos"]:
    """Return two prompts of arbitrary tokens that differ in the last one only, if there are two ids."""
    indices = (np.arange(length) * 7919 + 13) % len(ids)
    tokens = torch.from_numpy(ids[indices].astype(np.int64))
    other = tokens.clone()
    other[-1] = int(ids[(indices[-1] + 1) % len(ids)])
    return torch.stack([tokens, other])


def behaviour(
    bridge: TransformerBridge, layers: Sequence[int], tokens: Int[Tensor, "2 pos"], tolerance: float, fold: bool
) -> tuple[dict[int, LayerRead], bool]:
    """Return the hook points of each layer and whether the model is causal.

    Raises UnfitModelError for layers whose neurons are not activation functions of x · W + b.
    """
    points = {layer: _points(bridge, layer) for layer in layers}
    tensors: dict[HookPoint, Tensor] = {}
    hooks = {point: capture(tensors, point) for of_layer in points.values() for point in of_layer}
    taps.run(bridge, tokens, list(hooks.items()), attention_mask=torch.ones_like(tokens))
    for layer in layers:
        _check_identity(bridge, layer, tensors, tolerance)
    unfolded = {layer: LayerRead(taps.mlp_input(bridge, layer), None) for layer in layers}
    layers_read = unfolded
    if fold:
        layers_read = {layer: _folded(bridge, layer, tensors, tolerance) or unfolded[layer] for layer in layers}
    return layers_read, _is_causal(tensors[taps.mlp_input(bridge, layers[-1])])


def weights(
    bridge: TransformerBridge, layer: int, gated_embedding: str
) -> tuple[Float[Tensor, "d_in n_neurons"], Float[Tensor, " n_neurons"]]:
    """Return raw input weights and biases: the gate's if there is one, unless "in" is requested."""
    mlp = bridge.blocks[layer].mlp
    column = "gate" if gated_embedding == "gate" and getattr(mlp, "W_gate", None) is not None else "in"
    W, b = getattr(mlp, f"W_{column}"), getattr(mlp, f"b_{column}")
    W = W.detach().float()
    return W, W.new_zeros(W.shape[1]) if b is None else b.detach().float()


def _points(bridge: TransformerBridge, layer: int) -> list[HookPoint]:
    mlp = getattr(bridge.blocks[layer], "mlp", None)
    # A mixture of experts has an mlp, but not one input matrix for all its neurons.
    if not all(isinstance(getattr(mlp, name, None), torch.Tensor) for name in ("W_in", "W_out")):
        raise UnfitModelError(
            f"layer {layer} has no dense MLP (a mixture of experts, or no MLP): it has no neurons to read"
        )
    points = [taps.mlp_input(bridge, layer), taps.pre_activations(bridge, layer), taps.activations(bridge, layer)]
    norms = [point for norm in _norms(bridge, layer) for point in (norm.hook_in, norm.hook_out)]
    return [*points, *norms, *_after(bridge, layer)]


def _after(bridge: TransformerBridge, layer: int) -> list[HookPoint]:
    """Return hook points of the residual stream after a block; some blocks expose only the next block's input."""
    blocks, head = bridge.blocks, getattr(bridge, "unembed", None)
    following = [blocks[layer + 1].hook_in] if layer + 1 < len(blocks) else [head.hook_in] if head is not None else []
    return [blocks[layer].hook_out, *following]


def _norms(bridge: TransformerBridge, layer: int) -> list[NormalizationBridge]:
    return [module for module in bridge.blocks[layer].modules() if isinstance(module, NormalizationBridge)]


def capture(tensors: dict[HookPoint, Tensor], point: HookPoint) -> Callable[[Tensor], None]:
    def capture(tensor: Tensor) -> None:
        tensors[point] = tensor

    return capture


def _check_identity(bridge: TransformerBridge, layer: int, tensors: dict[HookPoint, Tensor], tolerance: float) -> None:
    """Check METHOD §1: x · W + b are the pre-activations that the model computes."""
    reading = [taps.mlp_input(bridge, layer), taps.pre_activations(bridge, layer), taps.activations(bridge, layer)]
    if not all(point in tensors for point in reading):
        raise UnfitModelError(f"layer {layer}: transformer_lens has no hooks on the inputs and activations of its MLP")
    x, z, a = (_rows(tensors[point]) for point in reading)
    W, b = weights(bridge, layer, "gate")
    fits = x.shape[1] == len(W) and z.shape == a.shape and z.shape[1] == len(b)
    if not fits or not close(x @ W + b, z, tolerance):
        raise UnfitModelError(
            f"layer {layer}: its MLP is not an activation function of x · W_in + b_in, so it cannot be read"
        )


def _folded(
    bridge: TransformerBridge, layer: int, tensors: dict[HookPoint, Tensor], tolerance: float
) -> LayerRead | None:
    """Return the norm whose output the MLP reads; None if that output is the residual stream itself, as in BERT."""
    x = tensors[taps.mlp_input(bridge, layer)]
    streams = [tensors[point] for point in _after(bridge, layer) if point in tensors]
    if not streams:
        raise UnfitModelError(
            f"layer {layer}: transformer_lens has no hook on its output, so weights cannot be folded; use raw weights"
        )
    norms = [norm for norm in _norms(bridge, layer) if norm.hook_in in tensors and norm.hook_out in tensors]
    before_mlp = [norm for norm in norms if same(tensors[norm.hook_out], x)]
    if not before_mlp or any(same(tensors[norm.hook_out], streams[0]) for norm in norms):
        return None
    module = before_mlp[0].original_component
    norm = recognise(module, _rows(tensors[before_mlp[0].hook_in]), _rows(x), tolerance)
    if norm is None:
        raise UnfitModelError(
            f"layer {layer}: {type(module).__name__} is neither LayerNorm nor RMSNorm and cannot be folded; "
            "use raw weights"
        )
    return LayerRead(before_mlp[0].hook_in, norm)


def _rows(tensor: Tensor) -> Float[Tensor, "rows d"]:
    return tensor.reshape(-1, tensor.shape[-1]).float()


def same(a: Tensor, b: Tensor) -> bool:
    return a.shape[-1] == b.shape[-1] and a.numel() == b.numel() and torch.equal(_rows(a), _rows(b))


def _is_causal(x: Float[Tensor, "2 pos d_in"]) -> bool:
    """Return whether the last token, in which the two prompts differ, leaves every earlier position unchanged."""
    return close(x[0, :-1], x[1, :-1], CAUSAL_TOLERANCE)
