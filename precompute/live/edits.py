"""Edits of one neuron's x: without the part along its meanings, all of it, or as much in a random direction."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.live.requests import WHOLE, LiveError, Removal, TakeOut
from ne_core.method.meaning import along_span, beyond, span
from ne_core.refs import NeuronRef
from precompute.live.reader import Reader

SEED = 0  # of the random directions
NOTHING_BEYOND = "{}: nothing is removed, this feature’s examples point where its siblings’ do."


@dataclass(frozen=True)
class Edit:
    """A removal from one neuron's x: its part in `basis`, or all of it where that is None."""

    ref: NeuronRef
    basis: Float[np.ndarray, "m d_in"] | None

    def removed(self, x: Float[np.ndarray, "n d_in"], mean: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, "n d_in"]:
        return x if self.basis is None else along_span(x, mean, self.basis)


Taken = Callable[[Edit, Float[np.ndarray, "n d_in"]], Float[np.ndarray, "n d_in"]]  # what an edit takes from inputs


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
