"""Modules that write into the residual stream: embeddings, heads and MLPs, their hook points and biases."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge

from precompute.models.transformer import taps


@dataclass(frozen=True)
class Attention:
    """Heads of one layer: `mixed` is the values weighted by the pattern. Heads may share values."""

    pattern: HookPoint
    values: HookPoint
    mixed: HookPoint
    W_O: Float[Tensor, "heads d_head d_model"]
    b_O: Float[Tensor, " d_model"]
    b_V: Float[Tensor, "heads d_head"]

    @classmethod
    def of(cls, bridge: TransformerBridge, layer: int) -> "Attention":
        attn = bridge.blocks[layer].attn
        W_O = attn.W_O.detach().float()
        heads, d_head, d_model = W_O.shape
        b_O = W_O.new_zeros(d_model) if attn.b_O is None else attn.b_O.detach().float()
        b_V = W_O.new_zeros(heads, d_head) if attn.b_V is None else attn.b_V.detach().float().reshape(-1, d_head)
        return cls(attn.hook_pattern, attn.v.hook_out, attn.o.hook_in, W_O, b_O, shared(b_V, heads))


def shared(values: Float[Tensor, "*rest groups d_head"], heads: int) -> Float[Tensor, "*rest heads d_head"]:
    """Return the values of every head, where groups of heads share theirs."""
    return values.repeat_interleave(heads // values.shape[-2], dim=-2)


@dataclass(frozen=True)
class Mlp:
    """Output and bias of one layer's MLP."""

    written: HookPoint
    bias: Float[Tensor, " d_model"]

    @classmethod
    def of(cls, bridge: TransformerBridge, layer: int) -> "Mlp":
        mlp = bridge.blocks[layer].mlp
        bias = getattr(mlp, "b_out", None)
        return cls(mlp.hook_out, mlp.W_out.new_zeros(mlp.W_out.shape[1]).float() if bias is None else bias.float())


@dataclass(frozen=True)
class Writers:
    """All modules that write into a stream before some point, in the order of a layer's parts."""

    embeddings: Sequence[HookPoint]
    attentions: Sequence[Attention]
    mlps: Sequence[Mlp]

    @property
    def points(self) -> list[HookPoint]:
        heads = [point for each in self.attentions for point in (each.pattern, each.values, each.mixed)]
        return [*self.embeddings, *heads, *(each.written for each in self.mlps)]

    def before(self, layer: int, own_attention: bool) -> "Writers":
        """Return the writers that the neurons of a layer read."""
        return Writers(self.embeddings, self.attentions[: layer + own_attention], self.mlps[:layer])


def writers(bridge: TransformerBridge, n_layers: int) -> Writers:
    """Return the writers of the first layers. Raises AttributeError or RuntimeError for other kinds of blocks."""
    position = getattr(bridge, "pos_embed", None)
    embeddings = [taps.embedding(bridge), *([] if position is None else [position.hook_out])]
    attentions = [Attention.of(bridge, layer) for layer in range(n_layers)]
    return Writers(embeddings, attentions, [Mlp.of(bridge, layer) for layer in range(n_layers)])
