"""Splitter: split pre-activations into parts, after checking on a few tokens that the parts sum to them."""

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
from precompute.models.transformer.splitting import Targets, Tensors, part_by_token, parts_of, strongest_reads
from precompute.models.transformer.unembedding import capture_and_stop
from precompute.models.transformer.writers import Writers, writers

PROBED = 64  # neurons of each layer on which the sum of the parts is checked
NOT_A_SUM = "the input of this model’s neurons is not the sum of its embeddings, heads and MLPs under one norm"
NO_HOOKS = "this model has no hooks on the inputs of its heads"


class NotSplitError(ValueError):
    """Raised when a model's pre-activations cannot be split; the message is one line."""


class Splitter:
    """Split pre-activations of some layers. Raises NotSplitError unless the parts sum to them on a few tokens."""

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
        """Split the pre-activations that `keys` request by layer, from one clean pass; `real` is the attention mask."""
        tensors = self.capture(tokens, real, sorted(keys), self.parts)
        with torch.no_grad():
            return {layer: self.split_layer(tensors, layer, layer_keys) for layer, layer_keys in keys.items()}

    def split_layer(self, tensors: Tensors, layer: int, keys: Keys) -> Split:
        before, targets = self.writers.before(layer, self.parts.own_attention), self.targets(tensors, layer, keys)
        parts, first = parts_of(before, tensors, targets), self.parts.first_head
        heads = parts.values[:, first : first + self.parts.n_heads(layer)]
        reads = strongest_reads(before.attentions, parts, heads, tensors, targets, self.parts.n_read(layer))
        return Split(*(each.cpu().numpy() for each in (parts.values, *reads)))

    def targets(self, tensors: Tensors, layer: int, keys: Keys) -> Targets:
        W, b = probe.weights(self.bridge, layer, self.gated_embedding)
        prompt, pos, neuron = (torch.from_numpy(each).to(W.device) for each in (keys.prompt, keys.pos, keys.neuron))
        read = self.read[layer]
        return Targets.of(prompt, pos, *read.norm.folded(W[:, neuron], b[neuron]), read.norm, tensors[read.x])

    def capture(
        self, tokens: Int[Tensor, "batch pos"], real: Int[Tensor, "batch pos"], layers: Sequence[int], parts: Parts
    ) -> Tensors:
        """Return the values at all hook points needed for these layers. Raises NotSplitError if one is missing."""
        last, tensors = layers[-1], {}
        before = self.writers.before(last, parts.own_attention)
        points = {*before.points, *(self.read[layer].x for layer in layers)}
        hooks = [(point, probe.capture(tensors, point)) for point in points]
        end = taps.activations(self.bridge, last)
        taps.run(self.bridge, tokens, [*hooks, (end, capture_and_stop({}, end))], attention_mask=real)
        if not points <= set(tensors):
            raise NotSplitError(NO_HOOKS)
        d_model = tensors[self.read[last].x].shape[-1]
        added = (*before.embeddings, *(each.written for each in before.mlps))
        if any(tensors[point].shape[-1] != d_model for point in added):
            raise NotSplitError(NOT_A_SUM)  # embeddings of another width are projected first
        patterns = {each.pattern for each in before.attentions}
        return {point: as_rows(tensors[point], point in patterns, tokens) for point in points}

    def fitting(self, tokens: Int[Tensor, "batch pos"], tolerance: float) -> Parts:
        """Return the parts that fit every layer, with the layer's own attention or without."""
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
        """Check that parts sum to pre-activations, and token parts to head parts. Raises NotSplitError."""
        tensors = self.capture(tokens, torch.ones_like(tokens), [layer], parts)
        before = self.writers.before(layer, parts.own_attention)
        n_neurons = probe.weights(self.bridge, layer, self.gated_embedding)[0].shape[1]
        places = np.meshgrid(*map(np.arange, (*tokens.shape, min(PROBED, n_neurons))), indexing="ij")
        targets = self.targets(tensors, layer, Keys(*(each.reshape(-1) for each in places)))

        written = parts_of(before, tensors, targets)
        if not close(written.values.sum(1), targets.whole, tolerance):
            raise NotSplitError(NOT_A_SUM)
        heads = written.values[:, parts.first_head :].split(parts.heads, dim=1)
        for each, weights, part in zip(before.attentions, written.value_weights, heads, strict=False):
            if not close(part_by_token(each, weights, tensors, targets).sum(-1), part, tolerance):
                raise NotSplitError(NO_HOOKS)


def norms(
    bridge: TransformerBridge, layers: Sequence[int], tokens: Int[Tensor, "batch pos"], tolerance: float
) -> dict[int, LayerRead]:
    """Return the hook point of each layer's norm, whether or not the weights are folded."""
    try:
        layers_read, _ = probe.behaviour(bridge, layers, tokens, tolerance, fold=True)
    except UnfitModelError as error:
        raise NotSplitError(NOT_A_SUM) from error
    if any(each.norm is None for each in layers_read.values()):
        raise NotSplitError(NOT_A_SUM)
    return layers_read


def all_writers(bridge: TransformerBridge, n_layers: int) -> Writers:
    try:
        result = writers(bridge, n_layers)
    except (AttributeError, RuntimeError) as error:  # a block that is not attention and a dense MLP
        if of_the_machine(error):
            raise
        raise NotSplitError(NO_HOOKS) from error
    if len({each.W_O.shape for each in result.attentions}) > 1:
        raise NotSplitError("this model’s layers differ in their heads")
    return result


def as_rows(value: Tensor, is_pattern: bool, tokens: Int[Tensor, "batch pos"]) -> Tensor:
    """Convert to float32; all but patterns get one row a token."""
    return value.float() if is_pattern else value.float().reshape(*tokens.shape, -1)
