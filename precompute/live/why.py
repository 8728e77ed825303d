"""Explain one neuron at one token: the parts of its pre-activation, and token importance."""

import numpy as np
import torch

from ne_core.live.answers import Matters, Why
from ne_core.live.requests import MOST_TOKENS, LiveError, WhatMatters, WhyHere
from precompute.live.reader import Reader
from precompute.live.text import Text
from precompute.models.source import Keys, LayerPass, Readings, UnfitModelError

SILENT = "The activation is not above 0 at this token, so token importance is not defined."


def why_here(reader: Reader, request: WhyHere) -> Why:
    """Answer a request. Raises LiveError."""
    ref, text = reader.ref(request.layer, request.neuron), reader.text(request.text)
    pos, parts = reader.position(text, request.pos), reader.source.parts()
    if isinstance(parts, str):
        raise LiveError(parts)
    one = np.array([0]), np.array([pos]), np.array([ref.neuron])
    split = reader.source.split(*text.batch, {ref.layer: Keys(*one)})[ref.layer]
    values = split.parts[0].astype(np.float32)
    return Why(
        layer=ref.layer,
        neuron=ref.neuron,
        pos=pos,
        parts=parts,
        values=values,
        pre_activation=float(values.sum(dtype=np.float64)),
        read_head=split.read_head[0],
        read_back=split.read_back[0],
        notes=reader.notes_of(text),
    )


def what_matters(reader: Reader, request: WhatMatters) -> Matters:
    """Answer a request. Raises LiveError."""
    ref, text = reader.ref(request.layer, request.neuron), reader.text(request.text)
    pos = reader.position(text, request.pos)
    masked = np.flatnonzero(~text.special)
    masked = masked[masked <= pos] if reader.source.causal else masked
    names = reader.atlas.manifest.baselines or (reader.source.default_baseline(),)
    activation = activation_at(reader, text, ref.layer, ref.neuron, pos)
    importance = np.full((len(names), len(text)), np.nan, dtype=np.float32)
    if activation > 0 and len(masked):
        for row, remaining in zip(importance, masked_activations(reader, text, request, masked, names), strict=True):
            row[masked] = 1 - remaining / activation
    silent = () if activation > 0 else (SILENT,)
    return Matters(ref.layer, ref.neuron, pos, activation, names, importance, reader.notes_of(text) + silent)


def masked_activations(
    reader: Reader, text: Text, request: WhatMatters, masked: np.ndarray, names: tuple[str, ...]
) -> list[np.ndarray]:
    """Return the neuron's activation with each token masked, for each baseline."""
    n = np.ones(len(masked), dtype=np.int64)
    readings = Readings(0 * n, masked, request.pos * n, request.layer * n, request.neuron * n)
    tokens, lengths = padded(reader, text)
    try:
        baselines = reader.source.baselines(names)
        return [reader.source.read_masked(tokens, lengths, readings, baselines[name]) for name in names]
    except (UnfitModelError, ValueError) as error:
        raise LiveError("tokens cannot be masked in this model: " + str(error).splitlines()[0]) from error


def padded(reader: Reader, text: Text) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad the tokens to one length for all texts, since the masking mode is chosen, by a slow trial, once per length.

    Padding costs nothing: prompts end with their last reading.
    """
    tokens, lengths = text.batch
    length = min(MOST_TOKENS, reader.source.n_ctx)
    return torch.nn.functional.pad(tokens, (0, length - len(text))), lengths


def activation_at(reader: Reader, text: Text, layer: int, neuron: int, pos: int) -> float:
    activation: list[float] = []

    def visit(layer_pass: LayerPass) -> None:
        activation.append(float(layer_pass.activations[0, pos, neuron]))

    reader.source.read(*text.batch, visit, [layer])
    return activation[0]
