"""Effect of a neuron's output on the logits by the direct path: W_out, the final norm's gain, the unembedding.

    effect of neuron j on token t = Σ_d W_out[j, d] · U[d, t]
    U = gain · W_U, centred over d if the norm centres, minus its mean over t

for one unit of activation, with the norm's scale held at 1: it differs from prompt to prompt and divides all effects
alike. A shift of all logits changes no probability, so their mean is subtracted.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge

from precompute.models.source import TopLogits
from precompute.models.transformer import taps
from precompute.models.transformer.folding import Norm, close, recognise
from precompute.models.transformer.probe import capture, same

MAX_LOGITS = 2**24  # logits computed at once: 64 MB
LOUD, LOUD_TOLERANCE = 1e6, 1e-2  # times the largest value: far above a block's response through its norms


def direct_path(
    bridge: TransformerBridge, tokens: Int[Tensor, "batch pos"], n_vocab: int, tolerance: float
) -> Float[Tensor, "d_model n_vocab"] | None:
    """Return U for the first `n_vocab` tokens; None unless the logits are norm and unembedding of the stream."""
    head, norm = bridge.original_model.get_output_embeddings(), getattr(bridge, "ln_final", None)
    W = getattr(head, "weight", None)
    if W is None or norm is None or W.shape[1] != bridge.blocks[-1].mlp.W_out.shape[1]:
        return None
    W, b = W.detach().float().T, getattr(head, "bias", None)
    final = final_norm(bridge, tokens, W, 0 if b is None else b.detach().float(), tolerance)
    if final is None:
        return None
    U, _ = final.folded(W[:, :n_vocab], W.new_zeros(min(n_vocab, W.shape[1])))
    return U - U.mean(dim=1, keepdim=True)


def final_norm(
    bridge: TransformerBridge,
    tokens: Int[Tensor, "batch pos"],
    W: Float[Tensor, "d_model n_logits"],
    b: Float[Tensor, " n_logits"] | int,
    tolerance: float,
) -> Norm | None:
    """Return the norm between the last block's output and W; None if the logits are computed in another way."""
    tensors, points = {}, (bridge.blocks[-1].hook_out, bridge.ln_final.hook_in, bridge.ln_final.hook_out)
    logits = taps.run(bridge, tokens, [(point, capture(tensors, point)) for point in points], return_type="logits")
    if len(tensors) < len(points) or not same(tensors[points[0]], tensors[points[1]]):
        return None
    h, out = (tensors[point].float() for point in points[1:])
    norm = recognise(bridge.ln_final.original_component, h, out, tolerance)
    return norm if norm is not None and close(norm.output(h) @ W + b, logits, tolerance) else None


def writes_directly(bridge: TransformerBridge, layer: int, tokens: Int[Tensor, "batch pos"], tolerance: float) -> bool:
    """Return whether extra activation adds W_out to the residual stream, with no norm in between."""
    point, after = taps.activations(bridge, layer), bridge.blocks[layer].hook_out
    tensors, changed = {}, {}
    taps.run(bridge, tokens, [(point, capture(tensors, point)), (after, capture_and_stop(tensors, after))])
    if after not in tensors:
        return False
    activations, stream = tensors[point].float(), tensors[after].float()
    added = (activations @ bridge.blocks[layer].mlp.W_out.detach().float()).reshape(stream.shape)
    times = stream.abs().max() / added.abs().max().clamp(min=1e-9)  # to exceed the stream's rounding
    louder = [(point, lambda tensor: tensor + tensor * times.to(tensor)), (after, capture_and_stop(changed, after))]
    taps.run(bridge, tokens, louder)
    return close(changed[after].float() - stream, added * times, tolerance)


def reaches_stream(bridge: TransformerBridge, point: HookPoint, layer: int, tokens: Int[Tensor, "batch pos"]) -> bool:
    """Return whether a value added at a point of a block is added to the residual stream, with no norm in between.

    The output of a norm is bounded: a very large value arrives unchanged only on a path around every norm.
    """
    after, tensors, changed = bridge.blocks[layer].hook_out, {}, {}
    taps.run(bridge, tokens, [(point, capture(tensors, point)), (after, capture_and_stop(tensors, after))])
    if after not in tensors:
        return False
    signs = torch.where(torch.arange(tensors[point].shape[-1]) % 3 == 0, -1.0, 1.0).to(tensors[point])
    loud = signs * tensors[point].abs().max() * LOUD
    taps.run(bridge, tokens, [(point, lambda tensor: tensor + loud), (after, capture_and_stop(changed, after))])
    stream = tensors[after].float()
    return close(changed[after].float() - stream, loud.float().expand(stream.shape), LOUD_TOLERANCE)


def capture_and_stop(tensors: dict, point) -> taps.Call:
    """Return a hook that stores its tensor and ends the pass."""

    def last(tensor: Tensor) -> None:
        tensors[point] = tensor
        raise taps.Stop

    return last


def top_logits(W_out: Float[Tensor, "n_neurons d_model"], U: Float[Tensor, "d_model n_vocab"], k: int) -> TopLogits:
    """Return the top tokens of each neuron, computed in blocks: neurons × tokens is gigabytes for a layer."""
    shape, n = (len(W_out), 2, k), min(k, U.shape[1])
    tokens, effects = torch.full(shape, -1, dtype=torch.int32), torch.full(shape, float("nan"))
    step = max(1, MAX_LOGITS // U.shape[1])
    for start in range(0, len(W_out), step):
        logits = W_out[start : start + step] @ U
        for side, largest in enumerate((True, False)):
            top = logits.topk(n, largest=largest)
            tokens[start : start + step, side, :n] = top.indices.int().cpu()
            effects[start : start + step, side, :n] = top.values.cpu()
    return TopLogits(tokens.numpy(), effects.numpy())
