"""Names of all features at the default cut (ne_core/method/naming.py); a unit of work is one layer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.half import clipped
from ne_core.method.naming import names, word_classes
from precompute.run.step import Step
from precompute.run.work import Load, Work
from precompute.steps.importance import Importances
from precompute.steps.layer_features import LayerFeatures, Texts

FEW_ROWS = 20_000  # with fewer rows, starting a pool of workers takes longer than the work


@dataclass(frozen=True)
class NamesJob:
    """Data shared by all units: the word class of each token."""

    words: Int[np.ndarray, " n_vocab"]


@dataclass(frozen=True)
class NamesInput:
    """Inputs of the names of one layer's features: its rows, and the neuron of each feature."""

    feature: Int[np.ndarray, " n_rows"]
    neuron: Int[np.ndarray, " n_features"]
    tokens: Int[np.ndarray, "n_rows n_back"]
    importances: Float[np.ndarray, "n_rows n_baselines n_back"]


def names_input(
    layer: LayerFeatures, texts: Texts, importances: Float[np.ndarray, "n_rows n_baselines n_back"]
) -> NamesInput:
    """Return the inputs of one layer; importances in float16, as a reader of the atlas has them."""
    rows, window = layer.rows, texts.window
    tokens = window.slice(texts.tokens, texts.lengths, rows.example, rows.pos, -1)[:, : window.back]
    return NamesInput(layer.feature_of_row, layer.features.neuron_of_feature, tokens, clipped(importances))


def work_names(job: NamesJob, inputs: NamesInput) -> dict[str, np.ndarray]:
    """Return the columns of one layer's features."""
    name = names(inputs.feature, inputs.neuron, inputs.tokens, inputs.importances, job.words)
    return {"name_keys": name.keys, "name_context": name.context}


def names_from(
    layers: Sequence[LayerFeatures], load: Callable[[int], Mapping[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Join the columns of all features from the units, one per layer."""
    units = [load(number) for number in range(len(layers))]
    return {name: np.concatenate([unit[name] for unit in units]) for name in ("name_keys", "name_context")}


def named(
    layers: Sequence[LayerFeatures],
    texts: Texts,
    words: Int[np.ndarray, " n_vocab"],
    importances: Mapping[int, Float[np.ndarray, "n_rows n_baselines n_back"]],
) -> dict[str, np.ndarray]:
    """Compute the names of all features in memory."""
    inputs = [names_input(layer, texts, importances[layer.rows.layer]) for layer in layers]
    return names_from(layers, [work_names(NamesJob(words), each) for each in inputs].__getitem__)


def names_work(texts: Texts, features: Sequence[LayerFeatures], importance: Importances) -> Work:
    def inputs(number: int) -> NamesInput:
        layer = features[number]
        return names_input(layer, texts, importance.by_layer[layer.rows.layer])

    few = sum(layer.rows.n_rows for layer in features) < FEW_ROWS
    return Work(work_names, NamesJob(word_classes(texts.vocab)), range(len(features)), 1, inputs, few=few)


def all_names(features: Sequence[LayerFeatures], load: Load) -> dict[str, np.ndarray]:
    return names_from(features, load)


STEP = Step("names", "names", "layers", all_names, names_work)
