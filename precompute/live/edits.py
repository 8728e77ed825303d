"""Parts of a neuron's x to remove: along the directions of meanings, all of it, or a random vector of equal length."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.live.requests import WHOLE, LiveError, Removal, TakeOut
from ne_core.method.meaning import along_span, beyond, span
from ne_core.refs import NeuronRef
from precompute.live.reader import Reader

SEED = 0  # of the random directions
PARALLEL = "{}: nothing is removed, because its mean input is parallel to that of the neuron’s other features."


@dataclass(frozen=True)
class Edit:
    """A removal from one neuron's x: its part in the span of `basis`, or all of it if `basis` is None."""

    ref: NeuronRef
    basis: Float[np.ndarray, "m d_in"] | None

    def removed(self, x: Float[np.ndarray, "n d_in"], mean: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, "n d_in"]:
        return x if self.basis is None else along_span(x, mean, self.basis)


RemovedPart = Callable[[Edit, Float[np.ndarray, "n d_in"]], Float[np.ndarray, "n d_in"]]  # part to subtract from inputs


def edits_of(reader: Reader, request: TakeOut) -> tuple[list[Edit], tuple[str, ...]]:
    """Return one edit for each neuron, by layer, and notes. Meanings of one neuron are removed together."""
    by_neuron: dict[NeuronRef, list[Removal]] = {}
    for each in request.removals:
        by_neuron.setdefault(reader.ref(each.layer, each.neuron), []).append(each)
    edits, notes = [], []
    for ref, removals in sorted(by_neuron.items()):
        if any(each.feature == WHOLE for each in removals):
            edits.append(Edit(ref, None))
            continue
        directions = np.stack([direction(reader, ref, each.feature, request.distance) for each in removals])
        notes += [PARALLEL.format(f"{ref} F{each.feature}")
                  for each, u in zip(removals, directions, strict=True) if not u.any()]  # fmt: skip
        edits.append(Edit(ref, span(directions)))
    return edits, tuple(notes)


def direction(reader: Reader, ref: NeuronRef, feature: int, distance: float | None) -> Float[np.ndarray, " d_in"]:
    """Return the direction of a feature's meaning. Raises LiveError for a feature that does not exist at this cut."""
    features = reader.features(ref, distance)
    n_features = int(features.max(initial=-1)) + 1
    if not 0 <= feature < n_features:
        valid = f"features 0 to {n_features - 1}" if n_features else "no features"
        raise LiveError(f"feature={feature}: {ref} has {valid} at this cut")
    x = np.asarray(reader.atlas.neuron_inputs(ref), dtype=np.float32)
    return beyond(x, features == feature, reader.mean(ref.layer))


def meaning_part(reader: Reader) -> RemovedPart:
    """Return the function that gives the part along the meanings."""
    return lambda edit, x: edit.removed(x, reader.mean(edit.ref.layer))


def random_part(reader: Reader) -> RemovedPart:
    """Return the function that gives a vector of equal length, in one random direction for each neuron."""

    def part(edit: Edit, x: Float[np.ndarray, "n d_in"]) -> Float[np.ndarray, "n d_in"]:
        rng = np.random.default_rng((SEED, edit.ref.layer, edit.ref.neuron))
        r = rng.standard_normal(x.shape[1])
        lengths = np.linalg.norm(edit.removed(x, reader.mean(edit.ref.layer)), axis=1)
        return np.outer(lengths, r / np.linalg.norm(r)).astype(np.float32)

    return part
