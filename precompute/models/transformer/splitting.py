"""Pre-activations split into what wrote them: method/contributions.py has the formula, this the arithmetic of it.

    part = w · written        w = W / σ, the neuron's folded weights over the norm's scale where its x is read

A head's part is what it read: the biases of its values, the same for every token, are among the biases. What of it came
from one token is that token's share of the sum: pattern · (value − bias) · W_O · w.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint

from precompute.models.transformer.folding import Norm
from precompute.models.transformer.writers import Attention, Writers, shared

Seen = dict[HookPoint, Float[Tensor, "batch ..."]]  # [batch pos d], patterns [batch heads pos source]


@dataclass(frozen=True)
class At:
    """Which neurons of a layer are split, at which positions of which prompts: an entry each, in order of prompts.

    A pre-activation gains `w` for each unit that is added to the stream; `whole` is what the model makes of it.
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
    ) -> "At":
        h = stream[prompt, pos]
        return cls(prompt, pos, W.T * norm.rate(h), b, (norm.normalised(h) * W.T).sum(1) + b)

    def read(self, seen: Seen, point: HookPoint) -> Float[Tensor, "n d"]:
        return seen[point][self.prompt, self.pos]


@dataclass(frozen=True)
class Written:
    """Token, position, heads, MLPs, biases; and what each gains for each unit of the values of every layer's heads."""

    values: Float[Tensor, "n n_parts"]
    onto: list[Float[Tensor, "n heads d_head"]]


def parts_of(writers: Writers, seen: Seen, at: At) -> Written:
    w, biases = at.w, at.b
    columns = [(at.read(seen, point) * w).sum(1) for point in writers.embeddings]
    onto = [torch.einsum("nd,hkd->nhk", w, each.W_O) for each in writers.attentions]
    for each, to in zip(writers.attentions, onto, strict=True):
        columns += ((at.read(seen, each.mixed).reshape(to.shape) - each.b_V) * to).sum(-1).unbind(1)
        biases = biases + w @ each.b_O + (each.b_V * to).sum((1, 2))
    for each in writers.mlps:
        bias = w @ each.bias
        columns.append((at.read(seen, each.written) * w).sum(1) - bias)
        biases = biases + bias
    return Written(torch.stack([*columns, biases], dim=1), onto)


def read_by_token(
    attention: Attention, onto: Float[Tensor, "n heads d_head"], seen: Seen, at: At
) -> Float[Tensor, "n heads source"]:
    """The part of each head, by the token that it was read from. Entries of one prompt share its values."""
    n, heads, d_head = onto.shape
    values = seen[attention.values].unflatten(-1, (-1, d_head))
    values = shared(values, heads) - attention.b_V
    first = torch.searchsorted(at.prompt, at.prompt)
    slot = torch.arange(n, device=onto.device) - first  # of an entry, among those of its prompt
    together = onto.new_zeros(len(values), int(slot.max()) + 1 if n else 0, heads, d_head)
    together[at.prompt, slot] = onto
    through = torch.einsum("prhk,pshk->prhs", together, values)[at.prompt, slot]
    return through * seen[attention.pattern][at.prompt, :, at.pos]


def strongest_reads(
    attentions: Sequence[Attention], written: Written, heads: Float[Tensor, "n heads"], seen: Seen, at: At, most: int
) -> tuple[Int[Tensor, "n most"], Int[Tensor, "n most"]]:
    """The heads with the largest parts, and how many tokens back stands what each read most from, in its direction."""
    if not attentions:
        return at.prompt.new_zeros(len(at.pos), 0), at.prompt.new_zeros(len(at.pos), 0)
    signs = heads.sign().split([len(each.W_O) for each in attentions], dim=1)
    source = [
        (read_by_token(each, onto, seen, at) * sign[..., None]).argmax(-1)
        for each, onto, sign in zip(attentions, written.onto, signs, strict=True)
    ]
    head = heads.abs().topk(most, dim=1).indices
    return head, at.pos[:, None] - torch.cat(source, dim=1).gather(1, head)
