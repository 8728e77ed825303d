"""Whether the mean is taken off what is at a hook, for a dictionary of a model with centred writing weights.

`center_writing_weights` takes from all that is written into the residual stream its mean over the stream, which a
LayerNorm does not see: the stream and what MLPs write are there less their mean, and all else is as it was, the
neurons too. A model of RMSNorms is left alone. No other processing of transformer_lens changes what is read here.
"""

from collections.abc import Sequence

from jaxtyping import Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge

from precompute.models.autoencoder.form import SaeError
from precompute.models.autoencoder.place import MLP_OUT, Place, passed
from precompute.models.source import UnfitModelError
from precompute.models.transformer import probe, taps
from precompute.models.transformer.folding import Norm, close

OPTION = '"model_from_pretrained_kwargs": {"center_writing_weights": true} (or false)'


def takes_mean_off(
    bridge: TransformerBridge,
    place: Place,
    model_centred: bool | None,
    tokens: Int[Tensor, "batch pos"],
    tolerance: float,
) -> bool:
    """Whether x at this place is less its mean. Raises SaeError where that is not known, or is more than the mean."""
    if place.of_neurons or model_centred is False:
        return False
    norm = norm_before_mlp(bridge, place.layer, tokens, tolerance)
    if norm is not None and not norm.centred:
        return False
    if model_centred is None:
        raise SaeError(
            "cfg.json does not say whether the model that it was trained on had centred writing weights, as those of "
            f"SAELens before 3.19.2 did: put {OPTION} into it"
        )
    if norm is None or not is_sum_of_writers(bridge, place, tokens, tolerance):
        raise SaeError("trained on a model with centred writing weights; what they do to this model is not known")
    return True


def norm_before_mlp(
    bridge: TransformerBridge, layer: int, tokens: Int[Tensor, "batch pos"], tolerance: float
) -> Norm | None:
    """The norm whose output the MLP reads; None where there is none, or one of another kind."""
    try:
        read, _ = probe.behaviour(bridge, [layer], tokens, tolerance, fold=True)
    except UnfitModelError:
        return None
    return read[layer].norm


def is_sum_of_writers(
    bridge: TransformerBridge, place: Place, tokens: Int[Tensor, "batch pos"], tolerance: float
) -> bool:
    """Whether what is there is what was written, and nothing between: then it is centred when that is."""
    try:
        written = writers_before(bridge, place)
    except AttributeError:  # a block of other parts
        return False
    seen = passed(bridge, [*written, place.point], tokens)
    if any(point not in seen for point in written):
        return False
    shape = (-1, tokens.shape[1])  # positions may be embedded once for all prompts
    parts = [seen[point].float().reshape(*shape, seen[point].shape[-1]) for point in (*written, place.point)]
    return close(sum(parts[:-1]), parts[-1], tolerance)


def writers_before(bridge: TransformerBridge, place: Place) -> Sequence[HookPoint]:
    """The embeddings, attentions and MLPs that make what is there; of what an MLP writes, itself."""
    mlps = [block.mlp.hook_out for block in bridge.blocks[: place.layer + 1]]
    if place.part in MLP_OUT:
        return mlps[-1:]
    position = getattr(bridge, "pos_embed", None)
    embeddings = [taps.embedding(bridge), *([] if position is None else [position.hook_out])]
    attentions = [block.attn.hook_out for block in bridge.blocks[: place.layer + 1]]
    if place.in_the_middle:
        return [*embeddings, *attentions, *mlps[:-1]]
    return [*embeddings, *attentions, *mlps] if place.at_the_end else [*embeddings, *attentions[:-1], *mlps[:-1]]
