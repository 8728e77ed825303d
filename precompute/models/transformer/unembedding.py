"""What a neuron's output adds to the logits by the direct path: W_out, the final norm's gain, the unembedding.

    effect of neuron j on token t = Σ_d W_out[j, d] · U[d, t]
    U = gain · W_U, centred over d where the norm centres, less its mean over t

for one unit of activation, with the norm's scale held at 1: it differs from prompt to prompt and divides all effects
alike. A shift of all logits changes no probability, so that their mean is taken off.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge

from precompute.models.source import TopLogits
from precompute.models.transformer import taps
from precompute.models.transformer.folding import Norm, close, recognised
from precompute.models.transformer.probe import keep, same

AT_ONCE = 2**24  # logits computed together: 64 MB
LOUD, LOUD_TOLERANCE = 1e6, 1e-2  # times the largest value; what a block answers through its norms is lost in it


def direct_path(
    bridge: TransformerBridge, tokens: Int[Tensor, "batch pos"], n_vocab: int, tolerance: float
) -> Float[Tensor, "d_model n_vocab"] | None:
    """U, for the first `n_vocab` tokens; None unless the logits are seen to be norm and unembedding of the stream."""
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
    """The norm that turns the last block's output into what W and b make logits of; None where it is not so."""
    seen, points = {}, (bridge.blocks[-1].hook_out, bridge.ln_final.hook_in, bridge.ln_final.hook_out)
    logits = taps.run(bridge, tokens, [(point, keep(seen, point)) for point in points], return_type="logits")
    if len(seen) < len(points) or not same(seen[points[0]], seen[points[1]]):
        return None
    h, out = (seen[point].float() for point in points[1:])
    norm = recognised(bridge.ln_final.original_component, h, out, tolerance)
    return norm if norm is not None and close(norm.output(h) @ W + b, logits, tolerance) else None


def writes_directly(bridge: TransformerBridge, layer: int, tokens: Int[Tensor, "batch pos"], tolerance: float) -> bool:
    """Whether more activation adds as much more of W_out to the residual stream; not where a norm comes between."""
    point, after = taps.activations(bridge, layer), bridge.blocks[layer].hook_out
    seen, more = {}, {}
    taps.run(bridge, tokens, [(point, keep(seen, point)), (after, stop_with(seen, after))])
    if after not in seen:
        return False
    activations, stream = seen[point].float(), seen[after].float()
    added = (activations @ bridge.blocks[layer].mlp.W_out.detach().float()).reshape(stream.shape)
    times = stream.abs().max() / added.abs().max().clamp(min=1e-9)  # so that it shows above the stream's rounding
    louder = [(point, lambda tensor: tensor + tensor * times.to(tensor)), (after, stop_with(more, after))]
    taps.run(bridge, tokens, louder)
    return close(more[after].float() - stream, added * times, tolerance)


def arrives(bridge: TransformerBridge, point: HookPoint, layer: int, tokens: Int[Tensor, "batch pos"]) -> bool:
    """Whether what is added at a point of a block is added to the residual stream; not where a norm comes between.

    What a norm lets through is bounded: something loud arrives as it is only by a way around every norm.
    """
    after, seen, more = bridge.blocks[layer].hook_out, {}, {}
    taps.run(bridge, tokens, [(point, keep(seen, point)), (after, stop_with(seen, after))])
    if after not in seen:
        return False
    signs = torch.where(torch.arange(seen[point].shape[-1]) % 3 == 0, -1.0, 1.0).to(seen[point])
    loud = signs * seen[point].abs().max() * LOUD
    taps.run(bridge, tokens, [(point, lambda tensor: tensor + loud), (after, stop_with(more, after))])
    stream = seen[after].float()
    return close(more[after].float() - stream, loud.float().expand(stream.shape), LOUD_TOLERANCE)


def stop_with(seen: dict, point) -> taps.Call:
    """A hook that ends the pass once it has kept its tensor."""

    def last(tensor: Tensor) -> None:
        seen[point] = tensor
        raise taps.Stop

    return last


def top_logits(W_out: Float[Tensor, "n_neurons d_model"], U: Float[Tensor, "d_model n_vocab"], k: int) -> TopLogits:
    """Some neurons at a time: neurons × tokens is a layer of gigabytes."""
    shape, n = (len(W_out), 2, k), min(k, U.shape[1])
    tokens, effects = torch.full(shape, -1, dtype=torch.int32), torch.full(shape, float("nan"))
    step = max(1, AT_ONCE // U.shape[1])
    for start in range(0, len(W_out), step):
        logits = W_out[start : start + step] @ U
        for side, largest in enumerate((True, False)):
            top = logits.topk(n, largest=largest)
            tokens[start : start + step, side, :n] = top.indices.int().cpu()
            effects[start : start + step, side, :n] = top.values.cpu()
    return TopLogits(tokens.numpy(), effects.numpy())
