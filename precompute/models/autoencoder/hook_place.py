"""Hook names of SAELens, current and older, as places in a bridged model."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from jaxtyping import Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge

from precompute.models.autoencoder.config import SaeError
from precompute.models.source import UnfitModelError
from precompute.models.transformer import taps
from precompute.models.transformer.folding import Norm, close
from precompute.models.transformer.probe import LayerRead, behaviour, capture

# Names after `blocks.LAYER.`, by kind of activation.
NEURONS = ("mlp.hook_post", "mlp.out.hook_in")
MLP_OUT = ("hook_mlp_out", "mlp.hook_out")
STREAM = ("hook_resid_pre", "hook_in", "hook_resid_mid", "ln2.hook_in", "hook_resid_post", "hook_out")
MLP_IN, NORMALISED = ("mlp.hook_in",), ("ln2.hook_normalized",)  # after the norm before the MLP; before its gain
MIDDLE = ("hook_resid_mid", "ln2.hook_in")
END = ("hook_resid_post", "hook_out")
READ, WRITTEN = (*NEURONS, *MLP_OUT, *STREAM, *MLP_IN, *NORMALISED), (*MLP_OUT, *END)
NAMED = (NEURONS[0], MLP_OUT[0], *STREAM[::2], *MLP_IN, *NORMALISED)  # one name of each place, for messages
HOOK = re.compile(r"blocks\.(\d{1,5})\.([\w.]+)")


@dataclass(frozen=True)
class Place:
    """A hook point of a layer. `is_per_token`: only the MLP comes before it, so single tokens can be computed alone.

    `norm`: norm whose input is at the point, and whose normalised value is read.
    """

    layer: int
    part: str
    point: HookPoint
    norm: Norm | None = None

    @property
    def is_neurons(self) -> bool:
        return self.part in NEURONS

    @property
    def is_normalised(self) -> bool:
        """Return whether a norm comes directly before."""
        return self.part in MLP_IN + NORMALISED

    @property
    def is_middle(self) -> bool:
        return self.part in MIDDLE

    @property
    def is_end(self) -> bool:
        return self.part in END

    @property
    def is_per_token(self) -> bool:
        return self.part in NEURONS + MLP_OUT


def layer_and_part(hook: str, parts: Sequence[str] = READ) -> tuple[int, str]:
    """Parse a hook name. Raises SaeError for a hook that is not supported."""
    name = HOOK.fullmatch(hook)
    if name is None or name[2] not in parts:
        expected = ", ".join(f"blocks.N.{part}" for part in parts if part in NAMED)
        raise SaeError(f"hook {hook[:80]!r} is not supported; use {expected}")
    return int(name[1]), name[2]


def place_of(
    bridge: TransformerBridge, hook: str, tokens: Int[Tensor, "batch pos"], d_in: int, tolerance: float
) -> Place:
    """Return the place in this model that is read. Raises SaeError if it does not exist or has another width."""
    layer, part = layer_and_part(hook)
    if part in NORMALISED:
        return normalised_place(bridge, hook, tokens, d_in, tolerance)
    point = point_of(bridge, hook, layer, part)
    tensors = hook_values(bridge, [point, taps.mlp_input(bridge, layer)], tokens)
    if point not in tensors or (part in MIDDLE and next(iter(tensors)) is not point):
        raise SaeError(f"this model has no {hook}: its blocks have another structure")
    check_width(hook, "d_in", d_in, tensors[point].shape[-1])
    return Place(layer, part, point)


def normalised_place(
    bridge: TransformerBridge, hook: str, tokens: Int[Tensor, "batch pos"], d_in: int, tolerance: float
) -> Place:
    """Return the input of the norm before the MLP, and the norm: its normalised value has no place of its own."""
    layer, part = layer_and_part(hook)
    before = read_before_mlp(bridge, layer, tokens, tolerance)
    if before is None or before.norm is None:
        raise SaeError(f"this model has no {hook}: no LayerNorm or RMSNorm comes before its MLP")
    check_width(hook, "d_in", d_in, len(before.norm.gain))
    return Place(layer, part, before.x, before.norm)


def read_before_mlp(
    bridge: TransformerBridge, layer: int, tokens: Int[Tensor, "batch pos"], tolerance: float
) -> LayerRead | None:
    """Return the norm whose output the MLP reads, and its input; None if there is none, or one of another kind."""
    try:
        layers_read, _ = behaviour(bridge, [layer], tokens, tolerance, fold=True)
    except UnfitModelError:
        return None
    return layers_read[layer]


def written_place(
    bridge: TransformerBridge, hook: str, tokens: Int[Tensor, "batch pos"], d_out: int, read: HookPoint
) -> Place:
    """Return a place that a decoder writes to. Raises SaeError if it does not exist or is computed before `read`."""
    layer, part = layer_and_part(hook, WRITTEN)
    check_layer(bridge, hook, layer)
    point = point_of(bridge, hook, layer, part)
    tensors = hook_values(bridge, [read, point], tokens)
    if point not in tensors:
        raise SaeError(f"this model has no {hook}: its blocks have another structure")
    check_width(hook, "d_out", d_out, tensors[point].shape[-1])
    if next(iter(tensors)) is not read:
        raise SaeError(f"hook_name_out {hook} is computed before hook_name; a transcoder writes to a later place")
    return Place(layer, part, point)


def point_of(bridge: TransformerBridge, hook: str, layer: int, part: str) -> HookPoint:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecated names
            return reduce(getattr, part.split("."), bridge.blocks[layer])
    except AttributeError as error:
        raise SaeError(f"this model has no {hook}") from error


def check_layer(bridge: TransformerBridge, hook: str, layer: int) -> None:
    blocks = getattr(bridge, "blocks", None)
    if blocks is not None and layer >= len(blocks):
        raise SaeError(f"this model has no {hook}: its layers are 0 to {len(blocks) - 1}")


def check_width(hook: str, name: str, width: int, of_model: int) -> None:
    if width != of_model:
        raise SaeError(
            f"{name} is {width}, but {hook} of this model has width {of_model}; use the model that it was trained on"
        )


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
