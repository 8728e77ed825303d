"""The sample of neurons, and what was measured of all of them."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import islice

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.method.embeddings import Embedder
from ne_core.refs import NeuronRef
from precompute.evaluate.surgery.directions import testable
from precompute.evaluate.surgery.losses import Changed, changed_inputs, changes
from precompute.evaluate.surgery.neurons import (
    CUTS,
    SEED,
    SPACES,
    Features,
    Loss,
    Neuron,
    clusterings,
    lost,
    neuron_of,
    placed_trials,
)  # fmt: skip
from precompute.models.transformer import TransformerSource
from precompute.run.progress import OnProgress, counted, silent


@dataclass(frozen=True)
class Settings:
    """So many neurons of each layer that have so many examples; features of at least `least`, as their siblings are.

    The model is run on after `losses` examples of each feature and of its siblings.
    """

    neurons: int = 80
    examples: int = 60
    least: int = 10
    losses: int = 4


@dataclass(frozen=True)
class Measured:
    """A row for each neuron; NaN where a neuron has no such cut, and for losses where no next token is predicted.

    `covered` is the share of the examples in testable features, `tested` how many features those are.
    """

    layer: Int[np.ndarray, " neurons"]
    own: Float[np.ndarray, "neurons spaces cuts kinds"]
    siblings: Float[np.ndarray, "neurons spaces cuts kinds"]
    read: Float[np.ndarray, "neurons spaces cuts kinds"]
    covered: Float[np.ndarray, "neurons spaces cuts"]
    tested: Float[np.ndarray, "neurons spaces cuts"]
    own_loss: Float[np.ndarray, "neurons spaces kinds"]
    siblings_loss: Float[np.ndarray, "neurons spaces kinds"]

    @classmethod
    def joined(cls, parts: Sequence["Measured"]) -> "Measured":
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


@dataclass(frozen=True)
class Operated:
    """One neuron: what it loses, and the inputs that the model is still to be run on."""

    neuron: Neuron
    lost: Loss
    covered: Float[np.ndarray, "spaces cuts"]
    tested: Float[np.ndarray, "spaces cuts"]
    changed: Changed


def measured(atlas: Atlas, source: TransformerSource, settings: Settings, on_progress: OnProgress = silent) -> Measured:
    """Raises AtlasError where no neuron has examples enough."""
    sampled = [sample(atlas, layer, settings) for layer in atlas.layers]
    if not any(sampled):
        raise AtlasError(
            f"surgery tests neurons with {settings.examples} examples: none of {atlas.root} has as many; "
            "build it again from more texts, or with a larger --max-examples"
        )
    rest = counted([ref for refs in sampled for ref in refs], on_progress)
    layers = [
        of_layer(atlas, source, layer, islice(rest, len(refs)), settings)
        for layer, refs in zip(atlas.layers, sampled, strict=True)
        if refs
    ]
    deque(rest)  # the last one is done
    return Measured.joined(layers)


def sample(atlas: Atlas, layer: int, settings: Settings) -> list[NeuronRef]:
    """Some of the neurons with examples enough, by lot."""
    enough = np.flatnonzero(np.diff(atlas.files[layer].offsets) >= settings.examples)
    drawn = np.random.default_rng((SEED, layer)).permutation(enough)[: settings.neurons]
    return [NeuronRef(layer, neuron) for neuron in np.sort(drawn).tolist()]


def of_layer(
    atlas: Atlas, source: TransformerSource, layer: int, refs: Iterable[NeuronRef], settings: Settings
) -> Measured:
    embedder = atlas.embedder(layer)
    found = [operated(neuron_of(atlas, ref), embedder, source, settings) for ref in refs]
    changed = changes(atlas, source, [each.neuron for each in found], [each.changed for each in found])
    return Measured(
        np.full(len(found), layer),
        *(np.stack([getattr(each.lost, name) for each in found]) for name in ("own", "siblings", "read")),
        *(np.stack([getattr(each, name) for each in found]) for name in ("covered", "tested")),
        *(np.stack([getattr(change, name) for change in changed]) for name in ("own", "siblings")),
    )


def operated(neuron: Neuron, embedder: Embedder, source: TransformerSource, settings: Settings) -> Operated:
    """Its trials are let go but for what the model is run on: they are a hundred times as large as its examples."""
    clustered = list(clusterings(neuron, embedder, settings.least))
    placed = placed_trials(neuron, clustered, settings.least)
    return Operated(
        neuron,
        lost(neuron, placed, source.activations_on),
        *testable_sizes(clustered, settings.least),
        changed_inputs(neuron, placed, settings.losses),
    )


def testable_sizes(
    clustered: Sequence[Features], least: int
) -> tuple[Float[np.ndarray, "spaces cuts"], Float[np.ndarray, "spaces cuts"]]:
    """The share of examples in testable features, and how many these are."""
    covered, tested = (np.full((len(SPACES), len(CUTS)), np.nan) for _ in range(2))
    for each in clustered:
        tested[each.space, each.cut] = len(large := testable(each.features, least))
        covered[each.space, each.cut] = np.isin(each.features, large).mean()
    return covered, tested
