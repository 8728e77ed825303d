"""Read a text: which neurons fire where, as which of their meanings, and what the model expects next."""

import math
from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ne_core.live.answers import Fired, TextRead
from ne_core.live.requests import LEAST_SHARE, MOST_FIRED, LiveError, ReadText
from ne_core.method.assignment import Assigned
from precompute.live.predictions import predictions
from precompute.live.reader import Reader
from precompute.live.text import Text
from precompute.models.source import LayerPass

NO_NEXT = "This model does not predict the next token: probabilities are not given."
NOT_FINITE = "the model has activations that are not finite on this text"


@dataclass(frozen=True)
class LayerFired:
    """Neurons of one layer at or above the share; `x` of the tokens where some are, `x_row` which is whose.

    `prompt` counts in the batch.
    """

    layer: int
    prompt: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]
    activation: Float[np.ndarray, " n"]
    share: Float[np.ndarray, " n"]
    x_row: Int[np.ndarray, " n"]
    x: Float[np.ndarray, "n_x d_in"]

    def taken(self, chosen: Int[np.ndarray, " k"]) -> "LayerFired":
        columns = (self.prompt, self.pos, self.neuron, self.activation, self.share, self.x_row)
        return LayerFired(self.layer, *(each[chosen] for each in columns), self.x)


def read_text(reader: Reader, request: ReadText) -> TextRead:
    """The answer to a request. Raises LiveError."""
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
        raise LiveError(f"share={request.share:g}: it is from {LEAST_SHARE:g} to 1")
    check_distance(request.distance)
    if not 0 <= request.most <= MOST_FIRED:
        raise LiveError(f"most={request.most}: at most {MOST_FIRED:,} are listed")


def check_distance(distance: float | None) -> None:
    if distance is not None and not (math.isfinite(distance) and 0 <= distance <= 2):
        raise LiveError(f"distance={distance:g}: a cut is a cosine distance, from 0 to 2")


def forward(
    reader: Reader, text: Text, share: float, predict: bool = True
) -> tuple[list[LayerFired], Float[Tensor, "1 pos n_logits"] | None]:
    """One pass; the logits where the model predicts what comes next, and that is asked for."""
    predict = predict and reader.source.predicts
    return fired_in(reader, *text.batch, torch.from_numpy(text.counted[None]), share, predict)


def fired_in(
    reader: Reader,
    tokens: Int[Tensor, "batch pos"],
    lengths: Int[Tensor, " batch"],
    counted: Bool[Tensor, "batch pos"],
    share: float,
    predict: bool = False,
) -> tuple[list[LayerFired], Float[Tensor, "batch pos n_logits"] | None]:
    """Firings in some prompts, by layer, where positions count; and their logits, where these are asked for."""
    layers: list[LayerFired] = []
    counted = counted.to(reader.source.device)

    def visit(passed: LayerPass) -> None:
        layers.append(layer_fired(reader, passed, counted, share))

    if predict:
        return layers, reader.source.read_on(tokens, lengths, visit)
    reader.source.read(tokens, lengths, visit)
    return layers, None


def layer_fired(reader: Reader, passed: LayerPass, counted: Bool[Tensor, "batch pos"], share: float) -> LayerFired:
    """Only what fires leaves the device."""
    layer, activations = passed.layer, passed.activations.float()
    if not bool(torch.isfinite(activations.amax(dim=2)[counted]).all()):
        raise LiveError(NOT_FINITE)
    maxima = torch.from_numpy(reader.maxima[layer]).to(activations)
    prompt, pos, neuron = torch.nonzero((activations >= share * maxima) & counted[:, :, None], as_tuple=True)
    activation = activations[prompt, pos, neuron]
    places, x_row = (prompt * counted.shape[1] + pos).unique(return_inverse=True)
    x = reader.source.inputs(layer, passed.x.flatten(0, 1)[places])
    columns = (each.cpu().numpy() for each in (prompt, pos, neuron, activation, activation / maxima[neuron], x_row, x))
    return LayerFired(layer, *columns)


def strongest(reader: Reader, layers: list[LayerFired], most: int, distance: float | None) -> Fired:
    """Those of the largest shares, assigned to features; ties in the order of layers and positions."""
    share = np.concatenate([each.share for each in layers])
    top = np.argsort(-share, kind="stable")[:most]
    ends = np.cumsum([len(each.share) for each in layers])
    parts = [each.taken(np.sort(top[(top >= end - len(each.share)) & (top < end)]) - (end - len(each.share)))
             for each, end in zip(layers, ends, strict=True)]  # fmt: skip
    whole = [fired(each, assigned(reader, each, distance)) for each in parts]
    columns = {each.name: np.concatenate([getattr(part, each.name) for part in whole]) for each in fields(Fired)}
    order = np.argsort(-columns["share"], kind="stable")
    return Fired(**{name: column[order] for name, column in columns.items()})


def assigned(reader: Reader, part: LayerFired, distance: float | None) -> Assigned:
    if reader.assigner is None:
        n, nan = len(part.pos), np.full(len(part.pos), np.nan, dtype=np.float32)
        return Assigned(np.full(n, -1), nan, nan, nan)
    return reader.assigner(part.layer, part.neuron, part.x[part.x_row], distance)


def fired(part: LayerFired, as_feature: Assigned) -> Fired:
    return Fired(
        pos=part.pos,
        layer=np.full(len(part.pos), part.layer),
        neuron=part.neuron,
        activation=part.activation.astype(np.float32),
        share=part.share.astype(np.float32),
        feature=as_feature.feature,
        distance=as_feature.distance,
        margin=as_feature.margin,
        limit=as_feature.limit,
        unlike=as_feature.unlike,
    )
