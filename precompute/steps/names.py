"""What every feature is called at the default cut, a layer a unit of work; see ne_core/method/naming.py."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.half import clipped
from ne_core.method.naming import names, word_classes
from precompute.run.step import Step
from precompute.run.work import Load, Work
from precompute.steps.importance import Importances
from precompute.steps.layer_features import LayerFound, Texts

FEW_ROWS = 20_000  # fewer rows than this are named before a pool of workers has started


@dataclass(frozen=True)
class NamesJob:
    """What all units share: the word that each token is to a reader."""

    words: Int[np.ndarray, " n_vocab"]


@dataclass(frozen=True)
class NamesAsked:
    """What the names of one layer's features are made of: its rows, and the neuron of each feature."""

    feature: Int[np.ndarray, " n_rows"]
    neuron: Int[np.ndarray, " n_features"]
    tokens: Int[np.ndarray, "n_rows n_back"]
    importances: Float[np.ndarray, "n_rows n_baselines n_back"]


def names_asked(
    found: LayerFound, texts: Texts, importances: Float[np.ndarray, "n_rows n_baselines n_back"]
) -> NamesAsked:
    """Importances as the atlas holds them, so that a reader of the atlas makes the same names."""
    rows, window = found.rows, texts.window
    tokens = window.slice(texts.tokens, texts.lengths, rows.example, rows.pos, -1)[:, : window.back]
    return NamesAsked(found.feature_of_row, found.features.neuron_of_feature, tokens, clipped(importances))


def work_names(job: NamesJob, asked: NamesAsked) -> dict[str, np.ndarray]:
    """The columns of one layer's features."""
    found = names(asked.feature, asked.neuron, asked.tokens, asked.importances, job.words)
    return {"name_keys": found.keys, "name_context": found.context}


def names_from(layers: Sequence[LayerFound], load: Callable[[int], Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The columns of all features from the units, one a layer in their order."""
    units = [load(number) for number in range(len(layers))]
    return {name: np.concatenate([unit[name] for unit in units]) for name in ("name_keys", "name_context")}


def named(
    layers: Sequence[LayerFound],
    texts: Texts,
    words: Int[np.ndarray, " n_vocab"],
    importances: Mapping[int, Float[np.ndarray, "n_rows n_baselines n_back"]],
) -> dict[str, np.ndarray]:
    """All of it in memory."""
    asked = [names_asked(found, texts, importances[found.rows.layer]) for found in layers]
    return names_from(layers, [work_names(NamesJob(words), each) for each in asked].__getitem__)


def names_work(texts: Texts, features: Sequence[LayerFound], importance: Importances) -> Work:
    def asked(number: int) -> NamesAsked:
        found = features[number]
        return names_asked(found, texts, importance.by_layer[found.rows.layer])

    few = sum(found.rows.n_rows for found in features) < FEW_ROWS
    return Work(work_names, NamesJob(word_classes(texts.vocab)), range(len(features)), 1, asked, few=few)


def all_names(features: Sequence[LayerFound], load: Load) -> dict[str, np.ndarray]:
    return names_from(features, load)


STEP = Step("names", "names", "layers", all_names, names_work)
