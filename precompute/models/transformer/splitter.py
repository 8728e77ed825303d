"""Whether the pre-activations of a model can be split, which is seen on a few tokens, and the splitting of many."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge

from ne_core.method.contributions import Parts
from precompute.models.source import Keys, Split, UnfitModelError
from precompute.models.transformer import probe, taps
from precompute.models.transformer.errors import of_the_machine
from precompute.models.transformer.folding import close
from precompute.models.transformer.probe import LayerRead
from precompute.models.transformer.splitting import At, Seen, parts_of, read_by_token, strongest_reads
from precompute.models.transformer.unembedding import stop_with
from precompute.models.transformer.writers import Writers, writers

PROBED = 64  # neurons of each layer whose parts must be seen to sum to their pre-activations
NOT_A_SUM = "what this model’s neurons read is not the sum of its embeddings, heads and MLPs under one norm"
NOT_SHOWN = "this model does not show what its heads read"


class NotSplitError(ValueError):
    """A model whose pre-activations cannot be split; the message says why in a line."""


class Splitter:
    """Splits pre-activations of some layers. Raises NotSplitError unless the parts are seen to sum to them."""

    def __init__(
        self,
        bridge: TransformerBridge,
        layers: Sequence[int],
        gated_embedding: str,
        tokens: Int[Tensor, "batch pos"],
        tolerance: float,
    ):
        self.bridge, self.layers, self.gated_embedding = bridge, layers, gated_embedding
        self.read = norms(bridge, layers, tokens, tolerance)
        self.writers = all_writers(bridge, layers[-1] + 1)
        self.parts = self.fitting(tokens, tolerance)

    def split(
        self, tokens: Int[Tensor, "batch pos"], real: Int[Tensor, "batch pos"], keys: Mapping[int, Keys]
    ) -> dict[int, Split]:
        """The pre-activations that `keys` name by layer, from one clean pass; `real` is the attention mask."""
        seen = self.seen(tokens, real, sorted(keys), self.parts)
        with torch.no_grad():
            return {layer: self.split_layer(seen, layer, of_layer) for layer, of_layer in keys.items()}

    def split_layer(self, seen: Seen, layer: int, keys: Keys) -> Split:
        before, at = self.writers.before(layer, self.parts.own_attention), self.at(seen, layer, keys)
        parts, first = parts_of(before, seen, at), self.parts.first_head
        heads = parts.values[:, first : first + self.parts.n_heads(layer)]
        reads = strongest_reads(before.attentions, parts, heads, seen, at, self.parts.n_read(layer))
        return Split(*(each.cpu().numpy() for each in (parts.values, *reads)))

    def at(self, seen: Seen, layer: int, keys: Keys) -> At:
        W, b = probe.weights(self.bridge, layer, self.gated_embedding)
        prompt, pos, neuron = (torch.from_numpy(each).to(W.device) for each in (keys.prompt, keys.pos, keys.neuron))
        read = self.read[layer]
        return At.of(prompt, pos, *read.norm.folded(W[:, neuron], b[neuron]), read.norm, seen[read.x])

    def seen(
        self, tokens: Int[Tensor, "batch pos"], real: Int[Tensor, "batch pos"], layers: Sequence[int], parts: Parts
    ) -> Seen:
        """What passes wherever parts of these layers are read. Raises NotSplitError where something does not show."""
        last, seen = layers[-1], {}
        before = self.writers.before(last, parts.own_attention)
        points = {*before.points, *(self.read[layer].x for layer in layers)}
        hooks = [(point, probe.keep(seen, point)) for point in points]
        end = taps.activations(self.bridge, last)
        taps.run(self.bridge, tokens, [*hooks, (end, stop_with({}, end))], attention_mask=real)
        if not points <= set(seen):
            raise NotSplitError(NOT_SHOWN)
        width = seen[self.read[last].x].shape[-1]
        added = (*before.embeddings, *(each.written for each in before.mlps))
        if any(seen[point].shape[-1] != width for point in added):
            raise NotSplitError(NOT_A_SUM)  # embeddings of another width are projected first
        patterns = {each.pattern for each in before.attentions}
        return {point: as_seen(seen[point], point in patterns, tokens) for point in points}

    def fitting(self, tokens: Int[Tensor, "batch pos"], tolerance: float) -> Parts:
        """The parts that fit every layer, with its own attention among them or without."""
        position, heads = len(self.writers.embeddings) > 1, len(self.writers.attentions[0].W_O)
        for own_attention in (True, False):
            parts = Parts(position, heads, own_attention)
            try:
                with torch.no_grad():
                    for layer in self.layers:
                        self.check(layer, parts, tokens, tolerance)
                return parts
            except NotSplitError as error:
                wrong = error
        raise wrong

    def check(self, layer: int, parts: Parts, tokens: Int[Tensor, "batch pos"], tolerance: float) -> None:
        """Raise NotSplitError unless parts sum to pre-activations, and what heads read to what they write."""
        seen = self.seen(tokens, torch.ones_like(tokens), [layer], parts)
        before = self.writers.before(layer, parts.own_attention)
        n_neurons = probe.weights(self.bridge, layer, self.gated_embedding)[0].shape[1]
        places = np.meshgrid(*map(np.arange, (*tokens.shape, min(PROBED, n_neurons))), indexing="ij")
        at = self.at(seen, layer, Keys(*(each.reshape(-1) for each in places)))
        found = parts_of(before, seen, at)
        if not close(found.values.sum(1), at.whole, tolerance):
            raise NotSplitError(NOT_A_SUM)
        heads = found.values[:, parts.first_head :].split(parts.heads, dim=1)
        for each, onto, written in zip(before.attentions, found.onto, heads, strict=False):
            if not close(read_by_token(each, onto, seen, at).sum(-1), written, tolerance):
                raise NotSplitError(NOT_SHOWN)


def norms(
    bridge: TransformerBridge, layers: Sequence[int], tokens: Int[Tensor, "batch pos"], tolerance: float
) -> dict[int, LayerRead]:
    """Where each layer's norm is read, whether or not the weights are folded."""
    try:
        read, _ = probe.behaviour(bridge, layers, tokens, tolerance, fold=True)
    except UnfitModelError as error:
        raise NotSplitError(NOT_A_SUM) from error
    if any(each.norm is None for each in read.values()):
        raise NotSplitError(NOT_A_SUM)
    return read


def all_writers(bridge: TransformerBridge, n_layers: int) -> Writers:
    try:
        found = writers(bridge, n_layers)
    except (AttributeError, RuntimeError) as error:  # a block of another kind than attention and a dense MLP
        if of_the_machine(error):
            raise
        raise NotSplitError(NOT_SHOWN) from error
    if len({each.W_O.shape for each in found.attentions}) > 1:
        raise NotSplitError("this model’s layers differ in their heads")
    return found


def as_seen(value: Tensor, is_pattern: bool, tokens: Int[Tensor, "batch pos"]) -> Tensor:
    """In float32, all but patterns with what a token has in one dimension."""
    return value.float() if is_pattern else value.float().reshape(*tokens.shape, -1)
