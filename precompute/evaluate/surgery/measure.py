"""Draw the sample of neurons, and measure all of them."""

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
    load_neuron,
    lost_shares,
    placed_trials,
)  # fmt: skip
from precompute.models.transformer import TransformerSource
from precompute.run.progress import OnProgress, counted, silent


@dataclass(frozen=True)
class Settings:
    """Sample sizes: `neurons` of each layer that have `examples`; features and their siblings need `min_size` examples.

    The model runs on `losses` examples of each feature and of its siblings.
    """

    neurons: int = 80
    examples: int = 60
    min_size: int = 10
    losses: int = 4


@dataclass(frozen=True)
class Measured:
    """Measures with a row for each neuron; NaN without such a cut, and in losses if no next token is predicted.

    `feature` and `siblings`: shares of activation lost; `covered`: share of the examples in testable features;
    `tested`: number of these features.
    """

    layer: Int[np.ndarray, " neurons"]
    feature: Float[np.ndarray, "neurons spaces cuts kinds"]
    siblings: Float[np.ndarray, "neurons spaces cuts kinds"]
    read: Float[np.ndarray, "neurons spaces cuts kinds"]
    covered: Float[np.ndarray, "neurons spaces cuts"]
    tested: Float[np.ndarray, "neurons spaces cuts"]
    feature_loss: Float[np.ndarray, "neurons spaces kinds"]
    siblings_loss: Float[np.ndarray, "neurons spaces kinds"]

    @classmethod
    def joined(cls, parts: Sequence["Measured"]) -> "Measured":
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


@dataclass(frozen=True)
class NeuronResult:
    """Measures of one neuron, and the inputs that the model is run on next."""

    neuron: Neuron
    lost: Loss
    covered: Float[np.ndarray, "spaces cuts"]
    tested: Float[np.ndarray, "spaces cuts"]
    changed: Changed


def measure_surgery(
    atlas: Atlas, source: TransformerSource, settings: Settings, on_progress: OnProgress = silent
) -> Measured:
    """Measure a sample of neurons. Raises AtlasError if no neuron has enough examples."""
    sampled = [sample(atlas, layer, settings) for layer in atlas.layers]
    if not any(sampled):
        raise AtlasError(
            f"surgery tests neurons with {settings.examples} examples: none of {atlas.root} has as many; "
            "build it again from more texts, or with a larger --max-examples"
        )
    progress_refs = counted([ref for refs in sampled for ref in refs], on_progress)
    layers = [
        measure_layer(atlas, source, layer, islice(progress_refs, len(refs)), settings)
        for layer, refs in zip(atlas.layers, sampled, strict=True)
        if refs
    ]
    deque(progress_refs, maxlen=0)  # reports the last one as done
    return Measured.joined(layers)


def sample(atlas: Atlas, layer: int, settings: Settings) -> list[NeuronRef]:
    """Random sample of the neurons with enough examples."""
    enough = np.flatnonzero(np.diff(atlas.files[layer].offsets) >= settings.examples)
    drawn = np.random.default_rng((SEED, layer)).permutation(enough)[: settings.neurons]
    return [NeuronRef(layer, neuron) for neuron in np.sort(drawn).tolist()]


def measure_layer(
    atlas: Atlas, source: TransformerSource, layer: int, refs: Iterable[NeuronRef], settings: Settings
) -> Measured:
    embedder = atlas.embedder(layer)
    results = [operate(load_neuron(atlas, ref), embedder, source, settings) for ref in refs]
    changed = changes(atlas, source, [each.neuron for each in results], [each.changed for each in results])
    return Measured(
        np.full(len(results), layer),
        *(np.stack([getattr(each.lost, name) for each in results]) for name in ("feature", "siblings", "read")),
        *(np.stack([getattr(each, name) for each in results]) for name in ("covered", "tested")),
        *(np.stack([getattr(change, name) for change in changed]) for name in ("feature", "siblings")),
    )


def operate(neuron: Neuron, embedder: Embedder, source: TransformerSource, settings: Settings) -> NeuronResult:
    """Measure one neuron.

    Of its trials only the inputs for the model are returned: the rest takes a hundred times the memory of the examples.
    """
    all_features = list(clusterings(neuron, embedder, settings.min_size))
    placed = placed_trials(neuron, all_features, settings.min_size)
    return NeuronResult(
        neuron,
        lost_shares(neuron, placed, source.activations_on),
        *testable_sizes(all_features, settings.min_size),
        changed_inputs(neuron, placed, settings.losses),
    )


def testable_sizes(
    all_features: Sequence[Features], min_size: int
) -> tuple[Float[np.ndarray, "spaces cuts"], Float[np.ndarray, "spaces cuts"]]:
    """Share of the examples in testable features, and number of these features."""
    covered, tested = (np.full((len(SPACES), len(CUTS)), np.nan) for _ in range(2))
    for each in all_features:
        tested[each.space, each.cut] = len(large := testable(each.features, min_size))
        covered[each.space, each.cut] = np.isin(each.features, large).mean()
    return covered, tested
