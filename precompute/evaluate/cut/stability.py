"""Stability of suggested cuts: each neuron's partition, compared with that of nine tenths of its examples."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas
from ne_core.method.embeddings import Embedder
from ne_core.method.partitions import adjusted_rand
from ne_core.method.trees.cluster import cut, similarities, tree, unit
from ne_core.queries.in_embedding import other_rows
from ne_core.refs import NeuronRef
from precompute.evaluate.planted.cuts import Case

LEAST, LEFT_OUT, DRAWS, SEED = 20, 0.1, 5, 0
Rule = Callable[[Case], float]


@dataclass(frozen=True)
class Stability:
    """One number for each neuron, NaN without a suggestion, except `answered`.

    `count`: features. Means over DRAWS: `rand`, the adjusted Rand index on the common examples, `twofold`, how often
    the number of features halves or doubles, `lost`, how often there is no suggestion any more; `ever`: 1 if it is
    twofold in any of them.
    """

    answered: Float[np.ndarray, " n"]
    count: Float[np.ndarray, " n"]
    rand: Float[np.ndarray, " n"]
    twofold: Float[np.ndarray, " n"]
    ever: Float[np.ndarray, " n"]
    lost: Float[np.ndarray, " n"]


NAMES = tuple(field.name for field in fields(Stability))


def layer_stability(atlas: Atlas, layer: int, rules: Mapping[str, Rule], most: int) -> dict[str, np.ndarray]:
    """Return the measures of some neurons of a layer by rule, a row each."""
    candidates = np.flatnonzero(np.diff(atlas.files[layer].offsets) >= LEAST)
    rng, embedder = np.random.default_rng([SEED, layer]), atlas.embedder(layer)
    some = np.sort(rng.permutation(candidates)[:most]).tolist()
    measured = [neuron_stability(case_of(atlas, NeuronRef(layer, each), embedder), rules, rng) for each in some]
    return {name: np.array([each[name] for each in measured]).reshape(-1, len(NAMES)) for name in rules}


def case_of(atlas: Atlas, ref: NeuronRef, embedder: Embedder) -> Case:
    """Return a neuron's examples, and their distances to other inputs of the layer."""
    space, w = atlas.manifest.embedding, np.float32(atlas.weights(ref.layer).W_in[:, ref.neuron])
    others = np.float32(atlas.layer_inputs(ref.layer).x[other_rows(atlas, ref)])
    embeddings = embedder(space, np.float32(atlas.neuron_inputs(ref)), w)
    cosines = similarities(embeddings)
    return Case(embeddings, cosines, tree(cosines), 1 - unit(embeddings) @ unit(embedder(space, others, w)).T, space)


def neuron_stability(case: Case, rules: Mapping[str, Rule], rng: np.random.Generator) -> dict[str, list[float]]:
    """Measure every rule on the same draws."""
    draws = list(reduced(case, rng))
    return {name: measures(case, draws, rule) for name, rule in rules.items()}


def reduced(case: Case, rng: np.random.Generator) -> Iterator[tuple[Int[np.ndarray, " k"], Case]]:
    """Yield the neuron without a tenth of its examples, at least one, and the rows that are left."""
    n = len(case.cosines)
    for _ in range(DRAWS):
        rows = np.sort(rng.permutation(n)[max(1, round(LEFT_OUT * n)) :])
        cosines = case.cosines[np.ix_(rows, rows)]
        yield rows, Case(case.embeddings[rows], cosines, tree(cosines), case.background_distances[rows], case.space)


def measures(case: Case, draws: list[tuple[Int[np.ndarray, " k"], Case]], rule: Rule) -> list[float]:
    """Return the numbers of Stability for one neuron and one rule."""
    suggested = rule(case)
    if np.isnan(suggested):
        return [0.0] + [float("nan")] * (len(NAMES) - 1)
    whole, rand, twofold = cut(case.tree, suggested), [], []
    for rows, part in draws:
        again = rule(part)
        if not np.isnan(again):
            features = cut(part.tree, again)
            rand.append(adjusted_rand(whole[rows], features))
            twofold.append(is_twofold(int(whole.max()) + 1, int(features.max()) + 1))
    if not rand:
        return [1.0, float(whole.max() + 1), *[float("nan")] * 3, 1.0]
    lost = 1 - len(rand) / len(draws)
    return [1.0, float(whole.max() + 1), *map(float, (np.mean(rand), np.mean(twofold), np.any(twofold), lost))]


def is_twofold(one: int, other: int) -> bool:
    return max(one, other) >= 2 * min(one, other)
