"""Where in a bridged model an autoencoder reads: SAELens's names of hooks, the bridge's own and the older ones."""

import re
import warnings
from dataclasses import dataclass
from functools import reduce

import torch
from jaxtyping import Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge

from precompute.models.autoencoder.form import SaeError
from precompute.models.transformer import taps
from precompute.models.transformer.folding import close
from precompute.models.transformer.probe import keep

# Names after `blocks.LAYER.`, by what is there.
NEURONS = ("mlp.hook_post", "mlp.out.hook_in")
MLP_OUT = ("hook_mlp_out", "mlp.hook_out")
STREAM = ("hook_resid_pre", "hook_in", "hook_resid_mid", "ln2.hook_in", "hook_resid_post", "hook_out")
MIDDLE = ("hook_resid_mid", "ln2.hook_in")
END = ("hook_resid_post", "hook_out")
HOOK = re.compile(r"blocks\.(\d{1,5})\.([\w.]+)")


@dataclass(frozen=True)
class Place:
    """`of_tokens`: only the MLP comes before, which reads each token alone, so that those not asked for may go."""

    layer: int
    part: str
    point: HookPoint

    @property
    def of_neurons(self) -> bool:
        return self.part in NEURONS

    @property
    def in_the_middle(self) -> bool:
        return self.part in MIDDLE

    @property
    def at_the_end(self) -> bool:
        return self.part in END

    @property
    def of_tokens(self) -> bool:
        return self.part in NEURONS + MLP_OUT


def layer_and_part(hook: str) -> tuple[int, str]:
    """What a hook's name says. Raises SaeError for a place that is not read."""
    name = HOOK.fullmatch(hook)
    if name is None or name[2] not in NEURONS + MLP_OUT + STREAM:
        parts = ", ".join(f"blocks.N.{part}" for part in (NEURONS[0], MLP_OUT[0], *STREAM[::2]))
        raise SaeError(f"hook {hook[:80]!r} is not read; {parts} are")
    return int(name[1]), name[2]


def place_of(bridge: TransformerBridge, hook: str, tokens: Int[Tensor, "batch pos"], d_in: int) -> Place:
    """The place in this model. Raises SaeError where it is not there, or of another width."""
    layer, part = layer_and_part(hook)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of older names
            point = reduce(getattr, part.split("."), bridge.blocks[layer])
    except AttributeError as error:
        raise SaeError(f"this model has no {hook}") from error
    seen = passed(bridge, [point, taps.mlp_input(bridge, layer)], tokens)
    if point not in seen or (part in MIDDLE and next(iter(seen)) is not point):
        raise SaeError(f"this model has no {hook}: its blocks are built otherwise")
    if seen[point].shape[-1] != d_in:
        raise SaeError(f"d_in is {d_in}, and {hook} of this model is {seen[point].shape[-1]} wide: of another model?")
    return Place(layer, part, point)


def is_added_to(bridge: TransformerBridge, place: Place, tokens: Int[Tensor, "batch pos"], tolerance: float) -> bool:
    """Whether what the block gives on is what is in its middle and what its MLP writes.

    The middle is read where the norm before the MLP is: what is put there instead goes nowhere else.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of older names
        points = [place.point, bridge.blocks[place.layer].hook_mlp_out, bridge.blocks[place.layer].hook_out]
    seen = passed(bridge, points, tokens)
    stream, written, after = (seen[point].float().reshape(-1, seen[point].shape[-1]) for point in points)
    return close(stream + written, after, tolerance)


def passed(
    bridge: TransformerBridge, points: list[HookPoint], tokens: Int[Tensor, "batch pos"]
) -> dict[HookPoint, Tensor]:
    """What goes through some points, in the order in which it does."""
    seen: dict[HookPoint, Tensor] = {}
    taps.run(bridge, tokens, [(point, keep(seen, point)) for point in points], attention_mask=torch.ones_like(tokens))
    return seen
