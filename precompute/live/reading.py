"""Read a text: the neurons that fire at each token, the feature of each firing, and the predicted next tokens."""

import math
from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ne_core.live.answers import Firings, TextRead
from ne_core.live.requests import LEAST_SHARE, MOST_FIRED, LiveError, ReadText
from ne_core.method.assignment import Assigned
from precompute.live.predictions import predictions
from precompute.live.reader import Reader
from precompute.live.text import Text
from precompute.models.source import LayerPass

NO_NEXT = "This model does not predict the next token, so there are no probabilities."
NOT_FINITE = "the model has activations that are not finite on this text"


@dataclass(frozen=True)
class LayerFirings:
    """Firings of one layer: neurons at or above the share of their maximum, and where.

    `prompt` is the index in the batch; `x` has the inputs at tokens with a firing, `x_row` the row of each firing.
    """

    layer: int
    prompt: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]
    activation: Float[np.ndarray, " n"]
    share: Float[np.ndarray, " n"]
    x_row: Int[np.ndarray, " n"]
    x: Float[np.ndarray, "n_x d_in"]

    def select(self, chosen: Int[np.ndarray, " k"]) -> "LayerFirings":
        columns = (self.prompt, self.pos, self.neuron, self.activation, self.share, self.x_row)
        return LayerFirings(self.layer, *(each[chosen] for each in columns), self.x)


def read_text(reader: Reader, request: ReadText) -> TextRead:
    """Answer a request. Raises LiveError."""
    check(request)
    text = reader.text(request.text)
    layers, logits = forward(reader, text, request.share)
    fired = strongest(reader, layers, request.most, request.distance)
    notes = reader.notes_of(text)
    return TextRead(
        tokens=text.tokens.astype(np.int32),
        counted=text.counted,
        cut=text.cut,
        layers=np.array(reader.atlas.layers),
        n_active=np.stack([np.bincount(each.pos, minlength=len(text)) for each in layers]),
        fired=fired,
        n_fired=sum(len(each.pos) for each in layers),
        **predictions(reader, text, logits),
        notes=notes if reader.source.predicts else (*notes, NO_NEXT),
    )


def check(request: ReadText) -> None:
    if not LEAST_SHARE <= request.share <= 1:
        raise LiveError(f"share={request.share:g}: a share is from {LEAST_SHARE:g} to 1")
    check_distance(request.distance)
    if not 0 <= request.most <= MOST_FIRED:
        raise LiveError(f"most={request.most}: an answer has 0 to {MOST_FIRED:,} firings")


def check_distance(distance: float | None) -> None:
    if distance is not None and not (math.isfinite(distance) and 0 <= distance <= 2):
        raise LiveError(f"distance={distance:g}: a cut is a cosine distance, from 0 to 2")


def forward(
    reader: Reader, text: Text, share: float, predict: bool = True
) -> tuple[list[LayerFirings], Float[Tensor, "1 pos n_logits"] | None]:
    """Run the model once; logits are None unless the model predicts next tokens and `predict` is set."""
    predict = predict and reader.source.predicts
    return firings_in(reader, *text.batch, torch.from_numpy(text.counted[None]), share, predict)


def firings_in(
    reader: Reader,
    tokens: Int[Tensor, "batch pos"],
    lengths: Int[Tensor, " batch"],
    counted: Bool[Tensor, "batch pos"],
    share: float,
    predict: bool = False,
) -> tuple[list[LayerFirings], Float[Tensor, "batch pos n_logits"] | None]:
    """Return the firings by layer at the `counted` positions of some prompts, and with `predict` their logits."""
    layers: list[LayerFirings] = []
    counted = counted.to(reader.source.device)

    def visit(layer_pass: LayerPass) -> None:
        layers.append(layer_firings(reader, layer_pass, counted, share))

    if predict:
        return layers, reader.source.run_to_logits(tokens, lengths, visit)
    reader.source.read(tokens, lengths, visit)
    return layers, None


def layer_firings(
    reader: Reader, layer_pass: LayerPass, counted: Bool[Tensor, "batch pos"], share: float
) -> LayerFirings:
    """Return the firings of a layer; only their activations and inputs are copied from the device."""
    layer, activations = layer_pass.layer, layer_pass.activations.float()
    if not bool(torch.isfinite(activations.amax(dim=2)[counted]).all()):
        raise LiveError(NOT_FINITE)
    maxima = torch.from_numpy(reader.maxima[layer]).to(activations)
    prompt, pos, neuron = torch.nonzero((activations >= share * maxima) & counted[:, :, None], as_tuple=True)
    activation = activations[prompt, pos, neuron]
    places, x_row = (prompt * counted.shape[1] + pos).unique(return_inverse=True)
    x = reader.source.inputs(layer, layer_pass.x.flatten(0, 1)[places])
    columns = (each.cpu().numpy() for each in (prompt, pos, neuron, activation, activation / maxima[neuron], x_row, x))
    return LayerFirings(layer, *columns)


def strongest(reader: Reader, layers: list[LayerFirings], most: int, distance: float | None) -> Firings:
    """Return the `most` firings with the largest shares, assigned to features; ties by layer and position."""
    share = np.concatenate([each.share for each in layers])
    top = np.argsort(-share, kind="stable")[:most]
    ends = np.cumsum([len(each.share) for each in layers])
    parts = [each.select(np.sort(top[(top >= end - len(each.share)) & (top < end)]) - (end - len(each.share)))
             for each, end in zip(layers, ends, strict=True)]  # fmt: skip
    by_layer = [with_features(each, assigned(reader, each, distance)) for each in parts]
    columns = {each.name: np.concatenate([getattr(part, each.name) for part in by_layer]) for each in fields(Firings)}
    order = np.argsort(-columns["share"], kind="stable")
    return Firings(**{name: column[order] for name, column in columns.items()})


def assigned(reader: Reader, part: LayerFirings, distance: float | None) -> Assigned:
    """Assign firings to features; none are assigned if the atlas holds no inputs."""
    if reader.assigner is None:
        n, nan = len(part.pos), np.full(len(part.pos), np.nan, dtype=np.float32)
        return Assigned(np.full(n, -1), nan, nan, nan)
    return reader.assigner(part.layer, part.neuron, part.x[part.x_row], distance)


def with_features(part: LayerFirings, assignment: Assigned) -> Firings:
    return Firings(
        pos=part.pos,
        layer=np.full(len(part.pos), part.layer),
        neuron=part.neuron,
        activation=part.activation.astype(np.float32),
        share=part.share.astype(np.float32),
        feature=assignment.feature,
        distance=assignment.distance,
        margin=assignment.margin,
        limit=assignment.limit,
        unlike=assignment.unlike,
    )
