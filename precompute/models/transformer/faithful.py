"""Whether a bridged model computes what the model itself does, tried beyond its attention window.

transformer_lens computes the attention of some families anew. Where that gives something else (GPT-1's, whose causal
mask is left out), the model's own attention is put back: neurons are read from it all the same.
"""

from functools import reduce

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformer_lens.model_bridge import TransformerBridge
from transformers import PreTrainedModel

from precompute.models.source import UnfitModelError
from precompute.models.transformer import settings, taps
from precompute.models.transformer.folding import TOLERANCES, close

SHORTEST, LONGEST, BEYOND = 32, 512, 8  # tokens of the prompt, and of it beyond the window


def prompt_length(config, n_positions: int) -> int:
    """As long as shows the window, where that is not too long."""
    window = settings.window_of(config)
    return min(n_positions, SHORTEST if window + BEYOND > LONGEST else max(SHORTEST, int(window) + BEYOND))


def outputs_of(model: PreTrainedModel, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d"]:
    """What a model as it is gives: logits, or the last states of one without a head."""
    with torch.inference_mode():
        return model(input_ids=tokens, attention_mask=torch.ones_like(tokens))[0].float()


def check_faithful(
    bridge: TransformerBridge, expected: Float[Tensor, "batch pos d"], tokens: Int[Tensor, "batch pos"]
) -> None:
    """Raises UnfitModelError unless the bridge gives what is expected, with its own attention or the model's."""
    if agrees(bridge, expected, tokens):
        return
    put_back_attention(bridge)
    if not agrees(bridge, expected, tokens):
        kind = type(bridge.original_model).__name__
        raise UnfitModelError(
            f"transformer_lens computes something else than this {kind} itself; the other families it reads would work"
        )


def agrees(bridge: TransformerBridge, expected: Float[Tensor, "batch pos d"], tokens: Int[Tensor, "batch pos"]) -> bool:
    """Of numbers that are finite: a model that overflows is refused for that, where its activations are read."""
    outputs = taps.run(bridge, tokens, [], attention_mask=torch.ones_like(tokens), return_type="logits")
    finite = expected.isfinite()
    return not finite.any() or close(outputs[finite], expected[finite], TOLERANCES[bridge.original_model.dtype])


def put_back_attention(bridge: TransformerBridge) -> None:
    """The model's own attention in the place of what stands for it, in every block."""
    for block in getattr(bridge, "blocks", []):
        attention = block.attn
        *path, name = attention.name.split(".")
        holder: nn.Module = reduce(getattr, path, block.original_component)
        setattr(holder, name, attention.original_component)
