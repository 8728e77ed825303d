"""The model run on with some activations changed, a layer's after those before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ne_core.refs import NeuronRef
from precompute.live.edits import Edit, Taken
from precompute.live.reader import Reader
from precompute.live.text import Text
from precompute.models.live_source import Replace
from precompute.models.source import LayerPass


@dataclass(frozen=True)
class Changed:
    """Activations of one neuron at some positions, and what stands in their place."""

    ref: NeuronRef
    pos: Int[np.ndarray, " n"]
    before: Float[np.ndarray, " n"]
    after: Float[np.ndarray, " n"]


def run_without(
    reader: Reader, text: Text, pos: Int[np.ndarray, " n"], edits: Sequence[Edit], taken: Taken
) -> tuple[Float[Tensor, "pos n_logits"], list[Changed]]:
    """The logits, and the activations that were changed; a layer's x is what the changes before it leave."""
    changed: list[Changed] = []
    for layer in sorted({each.ref.layer for each in edits}):
        x, activations = at_layer(reader, text, layer, changed)
        for edit in (each for each in edits if each.ref.layer == layer):
            left = x[pos] - taken(edit, x[pos])
            after = reader.source.activations_on(layer, left, np.full(len(pos), edit.ref.neuron))
            changed.append(Changed(edit.ref, pos, activations[pos, edit.ref.neuron], after))
    logits = reader.source.read_on(*text.batch, replaced=replacements(changed))
    return logits[0], changed


def at_layer(
    reader: Reader, text: Text, layer: int, changed: Sequence[Changed]
) -> tuple[Float[np.ndarray, "pos d_in"], Float[np.ndarray, "pos n_neurons"]]:
    """Inputs and activations of a layer when activations before it are changed."""
    seen: list[np.ndarray] = []

    def visit(passed: LayerPass) -> None:
        if passed.layer == layer:
            x = reader.source.inputs(layer, passed.x[0])
            seen.extend(each.float().cpu().numpy() for each in (x, passed.activations[0]))

    reader.source.read_on(*text.batch, visit, replacements(changed))
    return seen[0], seen[1]


def replacements(changed: Sequence[Changed]) -> Mapping[int, Replace]:
    """By layer, what puts the changed activations in their places."""

    def of(layer: int) -> Replace:
        def replace(activations: Float[Tensor, "batch pos n_neurons"]) -> Float[Tensor, "batch pos n_neurons"]:
            edited = activations.clone()
            for each in changed:
                if each.ref.layer == layer:
                    edited[0, torch.from_numpy(each.pos), each.ref.neuron] = torch.from_numpy(each.after).to(edited)
            return edited

        return replace

    return {layer: of(layer) for layer in {each.ref.layer for each in changed}}
