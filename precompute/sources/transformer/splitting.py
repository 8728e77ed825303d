"""Pre-activations split into what wrote them: ne_core/contributions.py has the formula, this the arithmetic of it.

    part = w · written        w = W / σ, the neuron's folded weights over the norm's scale where its x is read

A head's part is what it read: the biases of its values, the same for every token, are among the biases. What of it came
from one token is that token's share of the sum: pattern · (value − bias) · W_O · w.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint

from precompute.sources.transformer.folding import Norm
from precompute.sources.transformer.writers import Attention, Writers, shared

Seen = dict[HookPoint, Float[Tensor, "batch ..."]]  # [batch pos d], patterns [batch heads pos source]


@dataclass(frozen=True)
class At:
    """Which neurons of a layer are split, at which positions of which prompts: an entry each."""

    prompt: Int[Tensor, " n"]
    pos: Int[Tensor, " n"]
    W: Float[Tensor, "d_model n"]
    b: Float[Tensor, " n"]
    norm: Norm
    stream: HookPoint

    def of(self, seen: Seen, point: HookPoint) -> Float[Tensor, "n d"]:
        return seen[point][self.prompt, self.pos]

    def w(self, seen: Seen) -> Float[Tensor, "n d_model"]:
        """What a pre-activation gains for each unit that is added to the stream."""
        return self.W.T * self.norm.rate(self.of(seen, self.stream))

    def whole(self, seen: Seen) -> Float[Tensor, " n"]:
        """The pre-activations as the model makes them."""
        return (self.norm.normalised(self.of(seen, self.stream)) * self.W.T).sum(1) + self.b


@dataclass
class Sums:
    """Parts as they are found, a column each, and the sum of what is the same for every token."""

    biases: Float[Tensor, " n"]
    columns: list[Float[Tensor, " n"]] = field(default_factory=list)

    @property
    def parts(self) -> Float[Tensor, "n n_parts"]:
        return torch.stack([*self.columns, self.biases], dim=1)


def parts_of(writers: Writers, seen: Seen, at: At) -> Float[Tensor, "n n_parts"]:
    """Token, position, heads, MLPs, biases."""
    w, sums = at.w(seen), Sums(at.b)
    sums.columns += [(at.of(seen, point) * w).sum(1) for point in writers.embeddings]
    for each in writers.attentions:
        onto = heads_onto(each, w)
        read = at.of(seen, each.mixed).reshape(onto.shape) - each.b_V
        sums.columns += (read * onto).sum(-1).unbind(1)
        sums.biases = sums.biases + w @ each.b_O + (each.b_V * onto).sum((1, 2))
    for each in writers.mlps:
        bias = w @ each.bias
        sums.columns.append((at.of(seen, each.written) * w).sum(1) - bias)
        sums.biases = sums.biases + bias
    return sums.parts


def heads_onto(attention: Attention, w: Float[Tensor, "n d_model"]) -> Float[Tensor, "n heads d_head"]:
    """What a pre-activation gains for each unit of a head's values."""
    return torch.einsum("nd,hkd->nhk", w, attention.W_O)


def read_by_token(attention: Attention, seen: Seen, at: At) -> Float[Tensor, "n heads source"]:
    """The part of each head, by the token that it was read from; prompt by prompt, whose values are shared."""
    onto = heads_onto(attention, at.w(seen))
    read = onto.new_empty(*onto.shape[:2], seen[attention.pattern].shape[-1])
    for prompt in at.prompt.unique().tolist():
        here = torch.nonzero(at.prompt == prompt)[:, 0]
        values = seen[attention.values][prompt].unflatten(-1, (-1, onto.shape[-1]))
        values = shared(values, onto.shape[1]) - attention.b_V
        weights = seen[attention.pattern][prompt][:, at.pos[here]]
        read[here] = torch.einsum("nhk,shk,hns->nhs", onto[here], values, weights)
    return read


def strongest_reads(
    attentions: Sequence[Attention], seen: Seen, at: At, heads: Float[Tensor, "n heads"], most: int
) -> tuple[Int[Tensor, "n most"], Int[Tensor, "n most"]]:
    """The heads with the largest parts, and how many tokens back stands what each read most from, in its direction."""
    if not attentions:
        return at.prompt.new_zeros(len(at.pos), 0), at.prompt.new_zeros(len(at.pos), 0)
    source, signs = [], heads.sign().split([len(each.W_O) for each in attentions], dim=1)
    for each, sign in zip(attentions, signs, strict=True):
        source.append((read_by_token(each, seen, at) * sign[..., None]).argmax(-1))
    head = heads.abs().topk(most, dim=1).indices
    return head, at.pos[:, None] - torch.cat(source, dim=1).gather(1, head)
