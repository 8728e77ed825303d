"""The stages of a synthetic atlas in their order: words, concepts, texts, layers one at a time, similar features."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.naming import word_classes
from ne_core.method.similar import SPACES
from ne_core.sharing.atomic_write import check_target
from precompute.run.progress import Progress, counted
from precompute.steps import index
from precompute.steps.features import FeaturesJob, compute_units, features_from, tasks, unit_ranges
from precompute.steps.index import Indexed
from precompute.steps.layer_features import LayerFeatures, Texts
from precompute.steps.names import named
from precompute.steps.places import map_columns
from precompute.steps.sample import LayerStatistics
from precompute.synthetic.around import WINDOW, importances
from precompute.synthetic.concepts import Concepts, concepts
from precompute.synthetic.corpus import Corpus, corpus
from precompute.synthetic.description import CUT, description
from precompute.synthetic.layer import Planted, planted
from precompute.synthetic.settings import Settings
from precompute.synthetic.similar import similar_columns
from precompute.synthetic.words import vocabulary
from precompute.write.atlas import write_atlas
from precompute.write.parts import AtlasParts


@dataclass(frozen=True)
class Made:
    """One layer whose inputs have been let go: the vectors of its central examples are left of them."""

    found: LayerFeatures
    statistics: LayerStatistics
    logits: dict[str, np.ndarray]
    importances: Float[np.ndarray, "n_rows n_baselines n_back"]
    vectors: dict[str, Float[np.ndarray, "n_features d_in"]]
    family: Int[np.ndarray, " n_features"]
    concept: Int[np.ndarray, " n_features"]


def synthetic(settings: Settings, out: Path, workers: int | None = None) -> int:
    """Write the atlas; returns how many features it has. Bytes do not depend on the number of workers."""
    check_target(out)
    progress = Progress(n_stages=4)
    rng = np.random.default_rng([settings.seed, 0])
    with progress.stage("texts"):
        vocab = vocabulary(settings.vocab, rng)
        bank = concepts(settings, rng)
        texts = corpus(settings, bank, rng)
    with progress.stage("layers", "layers") as told:
        layers = list(counted(made_layers(settings, bank, texts, workers), told, settings.layers))
    with progress.stage("similar features"):
        written = Texts(texts.tokens, texts.lengths, vocab, WINDOW)
        found = indexed(settings, layers, written)
    with progress.stage("writing", "parts") as told:
        write_atlas(out, parts(settings, written, layers, found), told)
    return len(found.features["layer"])


def made_layers(settings: Settings, bank: Concepts, texts: Corpus, workers: int | None) -> Iterator[Made]:
    """A layer is planted when the workers ask for its first neurons, and let go when they have done its last."""
    ranges, waiting = unit_ranges([settings.neurons] * settings.layers), deque()

    def chunks():
        for layer, units in enumerate(ranges):
            waiting.append(planted(settings, bank, texts, layer))
            yield from (chunk for _, chunk in tasks(waiting[-1].rows, units))

    results = compute_units(chunks(), FeaturesJob(CUT), settings.rows, workers)
    for units in ranges:
        parts = dict(zip(units, islice(results, len(units)), strict=True))
        layer = waiting.popleft()
        yield made(settings, bank, texts, layer, features_from(layer.rows, parts.__getitem__, units))


def made(settings: Settings, bank: Concepts, texts: Corpus, layer: Planted, found: LayerFeatures) -> Made:
    central = found.central_rows
    return Made(
        LayerFeatures(replace(found.rows, x=found.rows.x[:0].copy()), found.features),
        layer.statistics,
        layer.logits,
        importances(settings, bank, texts, found, layer.concept).astype(np.float16),
        {space: index.central_vectors(found, space).astype(np.float16) for space in SPACES},
        layer.family[central],
        layer.concept[central],
    )


def indexed(settings: Settings, layers: list[Made], texts: Texts) -> Indexed:
    found = [layer.found for layer in layers]
    vectors = {space: np.concatenate([layer.vectors[space] for layer in layers]) for space in SPACES}
    family = np.concatenate([layer.family for layer in layers])
    columns = index.feature_columns(found, texts.tokens) | similar_columns(vectors, index.owners(found), family)
    lost = {layer.found.rows.layer: layer.importances for layer in layers}
    columns |= named(found, texts, word_classes(texts.vocab), lost)
    return Indexed(columns | map_columns(columns, settings.seed), vectors)


def parts(settings: Settings, texts: Texts, layers: list[Made], indexed: Indexed) -> AtlasParts:
    found, by_layer = [layer.found for layer in layers], {layer.found.rows.layer: layer for layer in layers}
    return AtlasParts(
        description=description(settings, found),
        texts=texts,
        layers=found,
        statistics={number: layer.statistics for number, layer in by_layer.items()},
        importances={number: layer.importances for number, layer in by_layer.items()},
        indexed=indexed,
        logits={number: layer.logits for number, layer in by_layer.items()},
    )
