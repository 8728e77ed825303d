"""Arithmetic of splitting pre-activations into the parts of method/contributions.py.

    part = w · written        w = W / σ, the neuron's folded weights over the norm's scale where its x is read

A head's part excludes its value biases, which are the same for every token and belong to the biases. The part of one
source token is its share of the sum: pattern · (value − bias) · W_O · w.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint

from precompute.models.transformer.folding import Norm
from precompute.models.transformer.writers import Attention, Writers, shared

Tensors = dict[HookPoint, Float[Tensor, "batch ..."]]  # [batch pos d], patterns [batch heads pos source]


@dataclass(frozen=True)
class Targets:
    """Neurons of a layer to split, at positions of prompts: one an entry, sorted by prompt.

    A pre-activation changes by `w` for each unit added to the stream; `whole` is the pre-activation itself.
    """

    prompt: Int[Tensor, " n"]
    pos: Int[Tensor, " n"]
    w: Float[Tensor, "n d_model"]
    b: Float[Tensor, " n"]
    whole: Float[Tensor, " n"]

    @classmethod
    def of(
        cls,
        prompt: Int[Tensor, " n"],
        pos: Int[Tensor, " n"],
        W: Float[Tensor, "d_model n"],
        b: Float[Tensor, " n"],
        norm: Norm,
        stream: Float[Tensor, "batch pos d_model"],
    ) -> "Targets":
        h = stream[prompt, pos]
        return cls(prompt, pos, W.T * norm.rate(h), b, (norm.normalised(h) * W.T).sum(1) + b)

    def read(self, tensors: Tensors, point: HookPoint) -> Float[Tensor, "n d"]:
        return tensors[point][self.prompt, self.pos]


@dataclass(frozen=True)
class SplitParts:
    """Parts (token, position, heads, MLPs, biases), and their change per unit of each head's values."""

    values: Float[Tensor, "n n_parts"]
    value_weights: list[Float[Tensor, "n heads d_head"]]


def parts_of(writers: Writers, tensors: Tensors, targets: Targets) -> SplitParts:
    w, biases = targets.w, targets.b
    columns = [(targets.read(tensors, point) * w).sum(1) for point in writers.embeddings]
    value_weights = [torch.einsum("nd,hkd->nhk", w, each.W_O) for each in writers.attentions]
    for each, head_weights in zip(writers.attentions, value_weights, strict=True):
        mixed = targets.read(tensors, each.mixed).reshape(head_weights.shape) - each.b_V
        columns += (mixed * head_weights).sum(-1).unbind(1)
        biases = biases + w @ each.b_O + (each.b_V * head_weights).sum((1, 2))
    for each in writers.mlps:
        bias = w @ each.bias
        columns.append((targets.read(tensors, each.written) * w).sum(1) - bias)
        biases = biases + bias
    return SplitParts(torch.stack([*columns, biases], dim=1), value_weights)


def part_by_token(
    attention: Attention, value_weights: Float[Tensor, "n heads d_head"], tensors: Tensors, targets: Targets
) -> Float[Tensor, "n heads source"]:
    """Return each head's part by source token. Entries of one prompt share its values."""
    n, heads, d_head = value_weights.shape
    values = tensors[attention.values].unflatten(-1, (-1, d_head))
    values = shared(values, heads) - attention.b_V
    first = torch.searchsorted(targets.prompt, targets.prompt)
    slot = torch.arange(n, device=value_weights.device) - first  # index of an entry among those of its prompt
    weights_by_slot = value_weights.new_zeros(len(values), int(slot.max()) + 1 if n else 0, heads, d_head)
    weights_by_slot[targets.prompt, slot] = value_weights
    by_slot = torch.einsum("prhk,pshk->prhs", weights_by_slot, values)[targets.prompt, slot]
    return by_slot * tensors[attention.pattern][targets.prompt, :, targets.pos]


def strongest_reads(
    attentions: Sequence[Attention],
    written: SplitParts,
    heads: Float[Tensor, "n heads"],
    tensors: Tensors,
    targets: Targets,
    most: int,
) -> tuple[Int[Tensor, "n most"], Int[Tensor, "n most"]]:
    """Return the heads with the largest parts, and the distance in tokens to the token each read most from."""
    if not attentions:
        return targets.prompt.new_zeros(len(targets.pos), 0), targets.prompt.new_zeros(len(targets.pos), 0)
    signs = heads.sign().split([len(each.W_O) for each in attentions], dim=1)
    source = [
        (part_by_token(each, value_weights, tensors, targets) * sign[..., None]).argmax(-1)
        for each, value_weights, sign in zip(attentions, written.value_weights, signs, strict=True)
    ]
    head = heads.abs().topk(most, dim=1).indices
    return head, targets.pos[:, None] - torch.cat(source, dim=1).gather(1, head)
