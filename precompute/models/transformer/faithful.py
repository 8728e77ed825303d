"""Check that a bridged model computes the same as the model itself, on prompts beyond its attention window.

transformer_lens reimplements the attention of some families. If the result differs (GPT-1: the causal mask is missing),
the model's own attention is restored; neurons can still be read.
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

SHORTEST, LONGEST, BEYOND = 32, 512, 8  # tokens of the prompt, and of its part beyond the window


def prompt_length(config, n_positions: int) -> int:
    """Return a length beyond the attention window, or the shortest one if that would be too long."""
    window = settings.window_of(config)
    return min(n_positions, SHORTEST if window + BEYOND > LONGEST else max(SHORTEST, int(window) + BEYOND))


def outputs_of(model: PreTrainedModel, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d"]:
    """Return a model's outputs: logits, or the last hidden states if it has no head."""
    with torch.inference_mode():
        return model(input_ids=tokens, attention_mask=torch.ones_like(tokens))[0].float()


def check_faithful(
    bridge: TransformerBridge, expected: Float[Tensor, "batch pos d"], tokens: Int[Tensor, "batch pos"]
) -> None:
    """Check that the bridge gives the expected outputs, with its attention or the model's own.

    Raises UnfitModelError if neither does.
    """
    if agrees(bridge, expected, tokens):
        return
    restore_attention(bridge)
    if not agrees(bridge, expected, tokens):
        kind = type(bridge.original_model).__name__
        raise UnfitModelError(
            f"transformer_lens gives other outputs than this {kind} itself; use a family that it supports"
        )


def agrees(bridge: TransformerBridge, expected: Float[Tensor, "batch pos d"], tokens: Int[Tensor, "batch pos"]) -> bool:
    """Compare the finite outputs only: models that overflow are refused later, with a clearer message."""
    outputs = taps.run(bridge, tokens, [], attention_mask=torch.ones_like(tokens), return_type="logits")
    finite = expected.isfinite()
    return not finite.any() or close(outputs[finite], expected[finite], TOLERANCES[bridge.original_model.dtype])


def restore_attention(bridge: TransformerBridge) -> None:
    """Replace the bridge's attention with the model's own in every block."""
    for block in getattr(bridge, "blocks", []):
        attention = block.attn
        *path, name = attention.name.split(".")
        holder: nn.Module = reduce(getattr, path, block.original_component)
        setattr(holder, name, attention.original_component)
