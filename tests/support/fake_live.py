"""A stand-in for the live model: it answers from the planted atlas, and reads every text as its first example."""

from pathlib import Path

import numpy as np

from ne_core.atlas import Atlas
from ne_core.live.answers import Answer, Firings, Matters, Ready, Refused, TakenOut, TextRead, Why
from ne_core.live.requests import NEXT, OpenModel, ReadText, Request, TakeOut, WhatMatters, WhyHere
from ne_core.refs import NeuronRef
from pages.components.prompt import requesting
from pages.components.serving import live_model
from pages.components.serving.live_queue import LiveQueue

NEURONS = (NeuronRef(0, 2), NeuronRef(0, 0), NeuronRef(2, 3))  # of at least two features each
UNLIKE = 1  # of these firings
AT = 3  # the position where all of them fire; the first fires at the next one, too


def install(monkeypatch, refusal: str | None = None) -> list[Request]:
    """Install it instead of the live model; return the list to which its requests are added."""
    requests: list[Request] = []

    def answer(root: Path, request: Request) -> Answer:
        requests.append(request)
        return Refused(refusal) if refusal else answer_of(Atlas.open(root), request)

    monkeypatch.setattr(live_model, "QUEUE", LiveQueue(answer, 16))
    monkeypatch.setattr(requesting, "MOMENT_S", 60.0)  # long enough for an answer in the first run on a busy machine
    return requests


def answer_of(atlas: Atlas, request: Request) -> Answer:
    if isinstance(request, OpenModel):
        return Ready(True, atlas.manifest.parts, ("A note.",))
    if isinstance(request, ReadText):
        return text_read(atlas, request)
    if isinstance(request, WhyHere):
        return why(atlas, request)
    return matters(atlas, request) if isinstance(request, WhatMatters) else taken_out(atlas, request)


def text_read(atlas: Atlas, request: ReadText) -> TextRead:
    tokens = np.array(atlas.tokens[0, : int(atlas.lengths[0])], dtype=np.int64)
    n, counted = len(tokens), np.arange(len(tokens)) > 0
    n_active = np.zeros((len(atlas.layers), n), dtype=np.int64)
    n_active[:, AT] = 1, 2
    log = np.log(np.full((n, NEXT), 0.125, dtype=np.float32))
    after = np.tile(np.arange(NEXT), (n, 1))
    expected = np.where(counted, np.log(0.25), np.nan).astype(np.float32)
    fired = firings_of(atlas, request.share)
    notes = ("Only the first 256 tokens are read.",)
    layers = np.array(atlas.layers)
    return TextRead(tokens, counted, True, layers, n_active, fired, len(fired) + 7, expected, after, log, notes)


def firings_of(atlas: Atlas, least: float) -> Firings:
    """Shares 0.95, 0.9, 0.85 at AT and 0.8 at the next token; the last feature of each neuron."""
    refs, share = [*NEURONS, NEURONS[0]], np.array([0.95, 0.9, 0.85, 0.8], dtype=np.float32)
    feature = np.array([len(atlas.feature_ids(ref)) - 1 for ref in refs])
    columns = {
        "pos": np.array([AT, AT, AT, AT + 1]),
        "layer": np.array([ref.layer for ref in refs]),
        "neuron": np.array([ref.neuron for ref in refs]),
        "activation": 2 * share,
        "share": share,
        "feature": feature,
        "distance": np.array([0.3, 0.9, 0.4, 0.3], dtype=np.float32),
        "margin": np.array([0.2, 0.1, np.nan, 0.2], dtype=np.float32),
        "limit": np.array([0.6, 0.6, np.inf, 0.6], dtype=np.float32),
        "unlike": np.arange(4) == UNLIKE,
    }
    return Firings(**{name: column[share >= np.float32(least)] for name, column in columns.items()})


def why(atlas: Atlas, request: WhyHere) -> Why:
    parts = atlas.manifest.parts
    values = np.arange(1, parts.count(request.layer) + 1, dtype=np.float32)
    n_read = parts.n_read(request.layer)
    head, back = np.arange(n_read), np.ones(n_read, dtype=np.int64)
    return Why(request.layer, request.neuron, request.pos, parts, values, float(values.sum()), head, back, ())


def matters(atlas: Atlas, request: WhatMatters) -> Matters:
    names, n = tuple(atlas.manifest.baselines), int(atlas.lengths[0])
    importance = np.full((len(names), n), np.nan, dtype=np.float32)
    importance[:, : request.pos + 1] = 0.5
    return Matters(request.layer, request.neuron, request.pos, 1.5, names, importance, ())


def taken_out(atlas: Atlas, request: TakeOut) -> TakenOut:
    tokens = np.array(atlas.tokens[0, : int(atlas.lengths[0])], dtype=np.int64)
    next_after = len(tokens) - 1 if request.next_after is None else request.next_after
    log = np.stack([np.full(len(tokens), value, dtype=np.float32) for value in (-1.0, -1.5, -1.1)])
    probability = np.array([[0.5, 0.25], [0.125, 0.5], [0.5, 0.2]], dtype=np.float32)
    changed = [np.array([getattr(each, name) for each in request.removals]) for name in ("layer", "neuron")]
    activation = np.tile(np.array([[2.0], [0.5], [1.9]], dtype=np.float32), (1, len(request.removals)))
    pos = np.full(len(request.removals), AT)
    return TakenOut(tokens, log, next_after, np.array([0, 1]), probability, pos, *changed,
                    activation, "Removed <b>from what it reads</b>.", ())  # fmt: skip
