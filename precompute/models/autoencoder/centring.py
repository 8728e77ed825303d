"""Centred writing weights: decide whether a dictionary expects the mean to be subtracted at its hook.

`center_writing_weights` subtracts from everything written into the residual stream its mean over the stream, which a
LayerNorm does not see: the stream and the MLP outputs lose their mean, everything else is unchanged, the neurons and
the outputs of norms included. Models with RMSNorms are not changed. No other processing of transformer_lens changes
the values read here.
"""

from collections.abc import Sequence

from jaxtyping import Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge

from precompute.models.autoencoder.config import SaeError
from precompute.models.autoencoder.hook_place import MLP_OUT, Place, hook_values, read_before_mlp
from precompute.models.transformer import taps
from precompute.models.transformer.folding import close

OPTION = '"model_from_pretrained_kwargs": {"center_writing_weights": true} (or false)'


def subtracts_mean(
    bridge: TransformerBridge,
    place: Place,
    model_centred: bool | None,
    tokens: Int[Tensor, "batch pos"],
    tolerance: float,
) -> bool:
    """Return whether x at this place has its mean subtracted.

    Raises SaeError if the training model is unknown, or if centring changes more than the mean.
    """
    if place.is_neurons or place.is_normalised or model_centred is False:
        return False
    before = read_before_mlp(bridge, place.layer, tokens, tolerance)
    norm = None if before is None else before.norm
    if norm is not None and not norm.centred:
        return False
    if model_centred is None:
        raise SaeError(
            "cfg.json does not say whether the training model had centred writing weights "
            f"(SAELens before 3.19.2 centred them): add {OPTION} to cfg.json"
        )
    if norm is None or not is_sum_of_writers(bridge, place, tokens, tolerance):
        raise SaeError("trained on a model with centred writing weights; their effect on this model is not known")
    return True


def is_sum_of_writers(
    bridge: TransformerBridge, place: Place, tokens: Int[Tensor, "batch pos"], tolerance: float
) -> bool:
    """Return whether the hook holds exactly the sum of its writers: then it is centred when they are."""
    try:
        written = writers_before(bridge, place)
    except AttributeError:  # a block with other modules
        return False
    tensors = hook_values(bridge, [*written, place.point], tokens)
    if any(point not in tensors for point in written):
        return False
    shape = (-1, tokens.shape[1])  # positions may be embedded once for all prompts
    parts = [tensors[point].float().reshape(*shape, tensors[point].shape[-1]) for point in (*written, place.point)]
    return close(sum(parts[:-1]), parts[-1], tolerance)


def writers_before(bridge: TransformerBridge, place: Place) -> Sequence[HookPoint]:
    """Return the embeddings, attentions and MLPs that sum to the hook's value; at an MLP output, that MLP alone."""
    mlps = [block.mlp.hook_out for block in bridge.blocks[: place.layer + 1]]
    if place.part in MLP_OUT:
        return mlps[-1:]
    position = getattr(bridge, "pos_embed", None)
    embeddings = [taps.embedding(bridge), *([] if position is None else [position.hook_out])]
    attentions = [block.attn.hook_out for block in bridge.blocks[: place.layer + 1]]
    if place.is_middle:
        return [*embeddings, *attentions, *mlps[:-1]]
    return [*embeddings, *attentions, *mlps] if place.is_end else [*embeddings, *attentions[:-1], *mlps[:-1]]
