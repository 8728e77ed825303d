"""Take meanings out of what neurons read, run the model on, and see what it expects then.

Only the reading of one neuron is changed, not the residual stream: x at that neuron loses its part along the meaning,
the neuron's activation is what its layer makes of the x that is left, and the model runs on with it. A whole neuron
reads zero: its biases alone are left. Beside it x loses a vector as long, in a random direction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ne_core.live.answers import RUNS, TakenOut
from ne_core.live.requests import MOST_REMOVED, NEXT, WHOLE, LiveError, Removal, TakeOut
from ne_core.method.meaning import along_span, beyond, span
from ne_core.refs import NeuronRef
from precompute.live.reader import NO_INPUTS, Reader
from precompute.live.reading import check_distance, log_probabilities
from precompute.live.text import Text
from precompute.models.source import LayerPass

SEED = 0  # of the random directions
NOTHING_BEYOND = "{}: nothing is removed, this feature’s examples point where its siblings’ do."


@dataclass(frozen=True)
class Edit:
    """What is taken out of one neuron's x: its part in `basis`, or all of it where that is None."""

    ref: NeuronRef
    basis: Float[np.ndarray, "m d_in"] | None

    def removed(self, x: Float[np.ndarray, "n d_in"], mean: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, "n d_in"]:
        return x if self.basis is None else along_span(x, mean, self.basis)


@dataclass(frozen=True)
class Changed:
    """Activations of one neuron at some positions, and what stands in their place."""

    ref: NeuronRef
    pos: Int[np.ndarray, " n"]
    before: Float[np.ndarray, " n"]
    after: Float[np.ndarray, " n"]


Taken = Callable[[Edit, Float[np.ndarray, "n d_in"]], Float[np.ndarray, "n d_in"]]


def take_out(reader: Reader, request: TakeOut) -> TakenOut:
    """The answer to a request. Raises LiveError."""
    check(reader, request)
    text = reader.text(request.text)
    at = len(text) - 1 if request.at is None else reader.position(text, request.at)
    pos = positions(reader, text, request.pos)
    edits, notes = edits_of(reader, request)
    after, changed = run_without(reader, text, pos, edits, removed_by(reader))
    random, otherwise = run_without(reader, text, pos, edits, as_long(reader))
    runs = [run_without(reader, text, pos, [], removed_by(reader))[0], after, random]
    tokens, probability = likeliest(reader, runs, at)
    return TakenOut(
        tokens=text.tokens.astype(np.int32),
        log_probability=np.stack([log_probabilities(each, text) for each in runs]),
        at=at,
        next_tokens=tokens,
        probability=probability,
        changed_pos=joined([each.pos for each in changed]),
        changed_layer=joined([np.full(len(each.pos), each.ref.layer) for each in changed]),
        changed_neuron=joined([np.full(len(each.pos), each.ref.neuron) for each in changed]),
        changed_activation=activations(changed, otherwise),
        stated=stated(reader, request, len(pos)),
        notes=reader.notes_of(text) + notes,
    )


def check(reader: Reader, request: TakeOut) -> None:
    if not 1 <= len(request.removals) <= MOST_REMOVED:
        raise LiveError(f"{len(request.removals)} meanings to remove: one to {MOST_REMOVED} can be")
    check_distance(request.distance)
    if not reader.source.predicts:
        raise LiveError("this model does not predict the next token: nothing can be seen to follow from a removal")
    if not getattr(reader.source, "writes_as_it_reads", True):
        raise LiveError("this autoencoder rescales what it reads: its latents cannot be taken out of the model")
    if not reader.atlas.manifest.inputs and any(each.feature != WHOLE for each in request.removals):
        raise LiveError(f"{NO_INPUTS[:-1]}; whole {reader.atlas.manifest.units} can be removed")


def positions(reader: Reader, text: Text, pos: int | None) -> Int[np.ndarray, " n"]:
    """Where something is removed."""
    return np.flatnonzero(text.counted) if pos is None else np.array([reader.position(text, pos)])


def edits_of(reader: Reader, request: TakeOut) -> tuple[list[Edit], tuple[str, ...]]:
    """One for each neuron, in the order of layers; several meanings of a neuron are taken out together."""
    by_neuron: dict[NeuronRef, list[Removal]] = {}
    for each in request.removals:
        by_neuron.setdefault(reader.ref(each.layer, each.neuron), []).append(each)
    edits, notes = [], []
    for ref, removals in sorted(by_neuron.items()):
        if any(each.feature == WHOLE for each in removals):
            edits.append(Edit(ref, None))
            continue
        directions = np.stack([direction(reader, ref, each.feature, request.distance) for each in removals])
        notes += [NOTHING_BEYOND.format(f"{ref} F{each.feature}")
                  for each, u in zip(removals, directions, strict=True) if not u.any()]  # fmt: skip
        edits.append(Edit(ref, span(directions)))
    return edits, tuple(notes)


def direction(reader: Reader, ref: NeuronRef, feature: int, distance: float | None) -> Float[np.ndarray, " d_in"]:
    """Of a feature's meaning. Raises LiveError for one that there is not at this cut."""
    features = reader.features(ref, distance)
    n_features = int(features.max(initial=-1)) + 1
    if not 0 <= feature < n_features:
        there = f"0 to {n_features - 1}" if n_features else "none"
        raise LiveError(f"feature={feature}: {ref} has the features {there} at this cut")
    x = np.asarray(reader.atlas.neuron_inputs(ref), dtype=np.float32)
    return beyond(x, features == feature, reader.mean(ref.layer))


def removed_by(reader: Reader) -> Taken:
    return lambda edit, x: edit.removed(x, reader.mean(edit.ref.layer))


def as_long(reader: Reader) -> Taken:
    """As much as is removed, in a random direction: one for each neuron, the same for all positions."""

    def taken(edit: Edit, x: Float[np.ndarray, "n d_in"]) -> Float[np.ndarray, "n d_in"]:
        rng = np.random.default_rng((SEED, edit.ref.layer, edit.ref.neuron))
        r = rng.standard_normal(x.shape[1])
        lengths = np.linalg.norm(edit.removed(x, reader.mean(edit.ref.layer)), axis=1)
        return np.outer(lengths, r / np.linalg.norm(r)).astype(np.float32)

    return taken


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
    """What a layer reads, and how it answers, when activations before it are changed."""
    seen: list[np.ndarray] = []

    def visit(passed: LayerPass) -> None:
        if passed.layer == layer:
            x = reader.source.inputs(layer, passed.x[0])
            seen.extend(each.float().cpu().numpy() for each in (x, passed.activations[0]))

    reader.source.read_on(*text.batch, visit, replacements(changed))
    return seen[0], seen[1]


def replacements(changed: Sequence[Changed]) -> Mapping[int, Callable[[Tensor], Tensor]]:
    """By layer, what puts the changed activations in their places."""

    def of(layer: int) -> Callable[[Tensor], Tensor]:
        def replace(activations: Float[Tensor, "batch pos n_neurons"]) -> Float[Tensor, "batch pos n_neurons"]:
            found = activations.clone()
            for each in changed:
                if each.ref.layer == layer:
                    found[0, torch.from_numpy(each.pos), each.ref.neuron] = torch.from_numpy(each.after).to(found)
            return found

        return replace

    return {layer: of(layer) for layer in {each.ref.layer for each in changed}}


def likeliest(
    reader: Reader, runs: Sequence[Float[Tensor, "pos n_logits"]], at: int
) -> tuple[Int[np.ndarray, " k"], Float[np.ndarray, "3 k"]]:
    """The tokens among the likeliest of any run, by their probability in the first."""
    probability = torch.stack([each[at].softmax(-1)[: reader.vocab] for each in runs]).cpu().numpy()
    top = np.unique(np.argsort(-probability, axis=1, kind="stable")[:, :NEXT])
    top = top[np.argsort(-probability[0, top], kind="stable")]
    return top, probability[:, top]


def activations(changed: Sequence[Changed], random: Sequence[Changed]) -> Float[np.ndarray, "3 n"]:
    """Of what was changed, in RUNS; `random` is the same in the last of them."""
    runs = [each.before for each in changed], [each.after for each in changed], [each.after for each in random]
    return np.stack([joined(run).astype(np.float32) for run in runs])


def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def stated(reader: Reader, request: TakeOut, n_pos: int) -> str:
    """What was changed, in words."""
    units = reader.atlas.manifest.vocabulary
    whole = len({(each.layer, each.neuron) for each in request.removals if each.feature == WHOLE})
    meanings = len({each for each in request.removals if each.feature != WHOLE})
    what = [f"{meanings} meaning{'s' * (meanings != 1)}"] * bool(meanings)
    what += [f"{whole} whole {units.units if whole != 1 else units.unit}"] * bool(whole)
    where = "at one position" if request.pos is not None else f"at all {n_pos} positions that count"
    return (
        f"{' and '.join(what)} taken out of what those {units.units} read, {where}: their activations are changed, the "
        f"residual stream that others read is not; {RUNS[2]}: as much taken away in a random direction."
    )
