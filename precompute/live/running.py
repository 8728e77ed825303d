"""Run the model with changed activations, layer by layer: later changes see the effect of earlier ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ne_core.refs import NeuronRef
from precompute.live.edits import Edit, RemovedPart
from precompute.live.reader import Reader
from precompute.live.text import Text
from precompute.models.live_source import Replace
from precompute.models.source import LayerPass


@dataclass(frozen=True)
class Changed:
    """Activations of one neuron at some positions, before and after the change."""

    ref: NeuronRef
    pos: Int[np.ndarray, " n"]
    before: Float[np.ndarray, " n"]
    after: Float[np.ndarray, " n"]


def run_without(
    reader: Reader, text: Text, pos: Int[np.ndarray, " n"], edits: Sequence[Edit], removed_part: RemovedPart
) -> tuple[Float[Tensor, "pos n_logits"], list[Changed]]:
    """Return the logits and the changed activations; x of a layer is computed after the changes in earlier layers."""
    changed: list[Changed] = []
    for layer in sorted({each.ref.layer for each in edits}):
        x, activations = at_layer(reader, text, layer, changed)
        for edit in (each for each in edits if each.ref.layer == layer):
            rest = x[pos] - removed_part(edit, x[pos])
            after = reader.source.activations_on(layer, rest, np.full(len(pos), edit.ref.neuron))
            changed.append(Changed(edit.ref, pos, activations[pos, edit.ref.neuron], after))
    logits = reader.source.run_to_logits(*text.batch, replaced=replacements(changed))
    return logits[0], changed


def at_layer(
    reader: Reader, text: Text, layer: int, changed: Sequence[Changed]
) -> tuple[Float[np.ndarray, "pos d_in"], Float[np.ndarray, "pos n_neurons"]]:
    """Return inputs and activations of a layer, with the changed activations of earlier layers in place."""
    arrays: list[np.ndarray] = []

    def visit(layer_pass: LayerPass) -> None:
        if layer_pass.layer == layer:
            x = reader.source.inputs(layer, layer_pass.x[0])
            arrays.extend(each.float().cpu().numpy() for each in (x, layer_pass.activations[0]))

    reader.source.run_to_logits(*text.batch, visit, replacements(changed))
    return arrays[0], arrays[1]


def replacements(changed: Sequence[Changed]) -> Mapping[int, Replace]:
    """Return, by layer, the function that replaces the changed activations."""

    def of(layer: int) -> Replace:
        def replace(activations: Float[Tensor, "batch pos n_neurons"]) -> Float[Tensor, "batch pos n_neurons"]:
            edited = activations.clone()
            for each in changed:
                if each.ref.layer == layer:
                    edited[0, torch.from_numpy(each.pos), each.ref.neuron] = torch.from_numpy(each.after).to(edited)
            return edited

        return replace

    return {layer: of(layer) for layer in {each.ref.layer for each in changed}}
