"""Steps of a synthetic atlas in order: words, concepts, texts, layers one at a time, similar features."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.naming import word_classes
from ne_core.method.similar import OF_ONE_LAYER, shown_first
from ne_core.sharing.atomic_write import check_target
from precompute.run.progress import Progress, counted
from precompute.steps import index
from precompute.steps.features import FeaturesJob, compute_units, features_from, tasks, unit_ranges
from precompute.steps.index import Indexed
from precompute.steps.layer_features import LayerFeatures, Texts
from precompute.steps.names import named
from precompute.steps.places import map_columns
from precompute.steps.sample import LayerStatistics
from precompute.synthetic.concepts import Concepts, concepts
from precompute.synthetic.corpus import Corpus, corpus
from precompute.synthetic.description import CUT, description
from precompute.synthetic.layer import PlantedLayer, plant_layer
from precompute.synthetic.settings import Settings
from precompute.synthetic.similar import similar_columns
from precompute.synthetic.windows import WINDOW, importances
from precompute.synthetic.words import vocabulary
from precompute.write.atlas import write_atlas
from precompute.write.parts import AtlasParts


@dataclass(frozen=True)
class LayerResult:
    """One layer without its inputs; only the vectors of the central examples are left of them."""

    features: LayerFeatures
    statistics: LayerStatistics
    logits: dict[str, np.ndarray]
    importances: Float[np.ndarray, "n_rows n_baselines n_back"]
    vectors: dict[str, Float[np.ndarray, "n_features d_in"]]
    family: Int[np.ndarray, " n_features"]
    concept: Int[np.ndarray, " n_features"]


def synthetic(settings: Settings, out: Path, workers: int | None = None) -> int:
    """Write the atlas and return its number of features. Bytes do not depend on the number of workers."""
    check_target(out)
    progress = Progress(n_stages=4)
    rng = np.random.default_rng([settings.seed, 0])
    with progress.stage("texts"):
        vocab = vocabulary(settings.vocab, rng)
        bank = concepts(settings, rng)
        texts = corpus(settings, bank, rng)
    with progress.stage("layers", "layers") as on_progress:
        layers = list(counted(layer_results(settings, bank, texts, workers), on_progress, settings.layers))
    with progress.stage("similar features"):
        corpus_texts = Texts(texts.tokens, texts.lengths, vocab, WINDOW)
        indexed_features = indexed(settings, layers, corpus_texts)
    with progress.stage("writing", "parts") as on_progress:
        write_atlas(out, parts(settings, corpus_texts, layers, indexed_features), on_progress)
    return len(indexed_features.features["layer"])


def layer_results(settings: Settings, bank: Concepts, texts: Corpus, workers: int | None) -> Iterator[LayerResult]:
    """Yield one result for each layer, planted when workers need it and released when they are done with it."""
    ranges, pending = unit_ranges([settings.neurons] * settings.layers), deque()

    def chunks():
        for layer, units in enumerate(ranges):
            pending.append(plant_layer(settings, bank, texts, layer))
            yield from (chunk for _, chunk in tasks(pending[-1].rows, units))

    results = compute_units(chunks(), FeaturesJob(CUT), settings.rows, workers)
    for units in ranges:
        parts = dict(zip(units, islice(results, len(units)), strict=True))
        layer = pending.popleft()
        yield layer_result(settings, bank, texts, layer, features_from(layer.rows, parts.__getitem__, units))


def layer_result(
    settings: Settings, bank: Concepts, texts: Corpus, layer: PlantedLayer, features: LayerFeatures
) -> LayerResult:
    central = features.central_rows
    return LayerResult(
        LayerFeatures(replace(features.rows, x=features.rows.x[:0].copy()), features.features),
        layer.statistics,
        layer.logits,
        importances(settings, bank, texts, features, layer.concept).astype(np.float16),
        {space: index.central_vectors(features, space).astype(np.float16) for space in OF_ONE_LAYER},
        layer.family[central],
        layer.concept[central],
    )


def indexed(settings: Settings, layers: list[LayerResult], texts: Texts) -> Indexed:
    features = [layer.features for layer in layers]
    vectors = {space: np.concatenate([layer.vectors[space] for layer in layers]) for space in OF_ONE_LAYER}
    family = np.concatenate([layer.family for layer in layers])
    columns = index.feature_columns(features, texts.tokens) | similar_columns(vectors, index.owners(features), family)
    importances_by_layer = {layer.features.rows.layer: layer.importances for layer in layers}
    columns |= named(features, texts, word_classes(texts.vocab), importances_by_layer)
    return Indexed(columns | map_columns(columns, shown_first(vectors), settings.seed), vectors)


def parts(settings: Settings, texts: Texts, layers: list[LayerResult], indexed: Indexed) -> AtlasParts:
    features, by_layer = [layer.features for layer in layers], {layer.features.rows.layer: layer for layer in layers}
    return AtlasParts(
        description=description(settings, features),
        texts=texts,
        layers=features,
        statistics={number: layer.statistics for number, layer in by_layer.items()},
        importances={number: layer.importances for number, layer in by_layer.items()},
        indexed=indexed,
        logits={number: layer.logits for number, layer in by_layer.items()},
    )
