"""Hook names of SAELens, current and older, as places in a bridged model."""

import re
import warnings
from dataclasses import dataclass
from functools import reduce

import torch
from jaxtyping import Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge

from precompute.models.autoencoder.config import SaeError
from precompute.models.transformer import taps
from precompute.models.transformer.folding import close
from precompute.models.transformer.probe import capture

# Names after `blocks.LAYER.`, by kind of activation.
NEURONS = ("mlp.hook_post", "mlp.out.hook_in")
MLP_OUT = ("hook_mlp_out", "mlp.hook_out")
STREAM = ("hook_resid_pre", "hook_in", "hook_resid_mid", "ln2.hook_in", "hook_resid_post", "hook_out")
MIDDLE = ("hook_resid_mid", "ln2.hook_in")
END = ("hook_resid_post", "hook_out")
HOOK = re.compile(r"blocks\.(\d{1,5})\.([\w.]+)")


@dataclass(frozen=True)
class Place:
    """A hook point of a layer. `is_per_token`: only the MLP comes before it, so single tokens can be computed alone."""

    layer: int
    part: str
    point: HookPoint

    @property
    def is_neurons(self) -> bool:
        return self.part in NEURONS

    @property
    def is_middle(self) -> bool:
        return self.part in MIDDLE

    @property
    def is_end(self) -> bool:
        return self.part in END

    @property
    def is_per_token(self) -> bool:
        return self.part in NEURONS + MLP_OUT


def layer_and_part(hook: str) -> tuple[int, str]:
    """Parse a hook name. Raises SaeError for a hook that is not supported."""
    name = HOOK.fullmatch(hook)
    if name is None or name[2] not in NEURONS + MLP_OUT + STREAM:
        parts = ", ".join(f"blocks.N.{part}" for part in (NEURONS[0], MLP_OUT[0], *STREAM[::2]))
        raise SaeError(f"hook {hook[:80]!r} is not supported; use {parts}")
    return int(name[1]), name[2]


def place_of(bridge: TransformerBridge, hook: str, tokens: Int[Tensor, "batch pos"], d_in: int) -> Place:
    """Return the place in this model. Raises SaeError if it does not exist or has another width."""
    layer, part = layer_and_part(hook)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecated names
            point = reduce(getattr, part.split("."), bridge.blocks[layer])
    except AttributeError as error:
        raise SaeError(f"this model has no {hook}") from error
    tensors = hook_values(bridge, [point, taps.mlp_input(bridge, layer)], tokens)
    if point not in tensors or (part in MIDDLE and next(iter(tensors)) is not point):
        raise SaeError(f"this model has no {hook}: its blocks have another structure")
    if tensors[point].shape[-1] != d_in:
        raise SaeError(
            f"d_in is {d_in}, but {hook} of this model has width {tensors[point].shape[-1]}; "
            "use the model that it was trained on"
        )
    return Place(layer, part, point)


def is_added_to(bridge: TransformerBridge, place: Place, tokens: Int[Tensor, "batch pos"], tolerance: float) -> bool:
    """Return whether the block's output is the sum of its middle and its MLP's output.

    The middle is read at the input of the norm before the MLP: a value put there reaches nothing else.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated names
        points = [place.point, bridge.blocks[place.layer].hook_mlp_out, bridge.blocks[place.layer].hook_out]
    tensors = hook_values(bridge, points, tokens)
    stream, written, after = (tensors[point].float().reshape(-1, tensors[point].shape[-1]) for point in points)
    return close(stream + written, after, tolerance)


def hook_values(
    bridge: TransformerBridge, points: list[HookPoint], tokens: Int[Tensor, "batch pos"]
) -> dict[HookPoint, Tensor]:
    """Return the values at some hook points, in the order in which they are computed."""
    tensors: dict[HookPoint, Tensor] = {}
    taps.run(
        bridge, tokens, [(point, capture(tensors, point)) for point in points], attention_mask=torch.ones_like(tokens)
    )
    return tensors
