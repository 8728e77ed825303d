"""Hook points of a bridged model, and a forward pass that stops after the last one needed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge

Call = Callable[[Tensor], Tensor | None]
Hook = tuple[HookPoint, Call]


class Stop(Exception):
    """Raised in the last hook to end the forward pass."""


def run(bridge: TransformerBridge, tokens: Int[Tensor, "batch pos"], hooks: Sequence[Hook], **options: Any) -> Any:
    """Run one forward pass; each hook receives its tensor, may return a replacement, and may raise Stop.

    Returns None unless the options set `return_type`.
    """
    try:
        with torch.inference_mode(), hooked(hooks):
            return bridge(tokens, **{"return_type": None, **options})
    except Stop:
        return None


@contextmanager
def hooked(hooks: Sequence[Hook]) -> Iterator[None]:
    """Add the hooks, and remove them on exit."""
    try:
        for point, hook in hooks:
            point.add_hook(lambda tensor, hook, call=hook: call(tensor))
        yield
    finally:
        for point, _ in hooks:
            point.remove_hooks("fwd")


def embedding(bridge: TransformerBridge) -> HookPoint:
    """Return the hook point of the token embedding, before positions are added."""
    return bridge.embed.hook_out


def mlp_input(bridge: TransformerBridge, layer: int) -> HookPoint:
    return bridge.blocks[layer].mlp.hook_in


def pre_activations(bridge: TransformerBridge, layer: int) -> HookPoint:
    return bridge.blocks[layer].mlp.hook_pre


def activations(bridge: TransformerBridge, layer: int) -> HookPoint:
    return bridge.blocks[layer].mlp.hook_post
