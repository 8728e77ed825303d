"""Assign held-out examples to a neuron's features by the terms of names that were made without them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Num

from ne_core.atlas import Atlas
from ne_core.method.naming import Names

FOLDS = 5
NEAR = 4  # tokens before the key token that are searched for a context term
PLACE, PRESENT, ABSENT = 0.05, 0.3, 0.15


@dataclass(frozen=True)
class Rows:
    """Activating examples of many neurons. `group`: feature of each example; `owner`: neuron of each feature."""

    group: Int[np.ndarray, " n"]
    owner: Int[np.ndarray, " n_groups"]
    tokens: Int[np.ndarray, "n back"]
    importance: Float[np.ndarray, "n baselines back"]

    def select(self, mask: Bool[np.ndarray, " n"]) -> "Rows":
        return Rows(self.group[mask], self.owner, self.tokens[mask], self.importance[mask])

    def sizes(self) -> Int[np.ndarray, " n_groups"]:
        return np.bincount(self.group, minlength=len(self.owner))


Namer = Callable[[Rows], Names]


@dataclass(frozen=True)
class Outcomes:
    """Neuron of each held-out example, and by method the probability that it was assigned to its own feature.

    `recurs`: whether another example of its neuron has the same key token.
    """

    owner: Int[np.ndarray, " n_tested"]
    recurs: Bool[np.ndarray, " n_tested"]
    right: dict[str, Float[np.ndarray, " n_tested"]]

    def by_neuron(self, method: str) -> Float[np.ndarray, " n_neurons"]:
        """Mean over the held-out examples of each neuron that has any, in the order of neurons."""
        counts = np.bincount(self.owner)
        return (np.bincount(self.owner, weights=self.right[method]) / np.maximum(1, counts))[counts > 0]

    def where(self, mask: Bool[np.ndarray, " n_tested"]) -> "Outcomes":
        return Outcomes(self.owner[mask], self.recurs[mask], {name: each[mask] for name, each in self.right.items()})

    def by_recurrence(self) -> dict[bool, dict[str, Float[np.ndarray, " n_neurons"]]]:
        """Means by neuron and method, of examples whose key token recurs and of the others."""
        parts = {recurs: self.where(self.recurs == recurs) for recurs in (True, False)}
        return {recurs: {name: part.by_neuron(name) for name in self.right} for recurs, part in parts.items()}


def layer_rows(atlas: Atlas, layer: int) -> Rows:
    """All activating examples of a layer, at the atlas's cut."""
    files, back = atlas.files[layer], atlas.manifest.window.back
    columns = files.columns
    n_features = atlas.neurons["n_features"][atlas.neurons["layer"] == layer]
    neuron = np.repeat(np.arange(len(n_features)), np.diff(files.offsets))
    window = atlas.manifest.window.slice(atlas.tokens, atlas.lengths, columns["example"], columns["pos"], -1)
    group = (np.cumsum(n_features) - n_features)[neuron] + columns["feature"]
    owner = np.repeat(np.arange(len(n_features)), n_features)
    return Rows(group, owner, window[:, :back], np.asarray(columns["window_importances"]))


def assign_held_out(
    rows: Rows, words: Int[np.ndarray, " n_vocab"], methods: dict[str, Namer], seed: int = 0
) -> Outcomes:
    """Assign every example once to a feature of its neuron, by names that were made without its fold.

    Examples are skipped if their feature has no other example, or their neuron no other feature with examples left.
    """
    fold = folds(rows.group, np.random.default_rng(seed))
    recurs = key_recurs(rows, words)
    parts = [assign_fold(rows, words, methods, fold == number, recurs) for number in range(FOLDS)]
    names = parts[0].right
    return Outcomes(
        np.concatenate([part.owner for part in parts]),
        np.concatenate([part.recurs for part in parts]),
        {name: np.concatenate([part.right[name] for part in parts]) for name in names},
    )


def key_recurs(rows: Rows, words: Int[np.ndarray, " n_vocab"]) -> Bool[np.ndarray, " n"]:
    """Mask of the rows whose key token another example of the same neuron has, in any spelling."""
    pairs = np.column_stack([rows.owner[rows.group], words[rows.tokens[:, -1]]])
    _, pair, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    return counts[pair.reshape(-1)] > 1


def folds(group: Int[np.ndarray, " n"], rng: np.random.Generator) -> Int[np.ndarray, " n"]:
    """Fold of each row; rows of a group are spread evenly, so that one fold never holds out a whole group."""
    order = np.lexsort((rng.random(len(group)), group))
    place = np.arange(len(group)) - np.searchsorted(group[order], group[order])
    start = rng.integers(FOLDS, size=int(group.max(initial=-1)) + 1)
    fold = np.empty(len(group), dtype=np.int64)
    fold[order] = (place + start[group[order]]) % FOLDS
    return fold


def assign_fold(
    rows: Rows,
    words: Int[np.ndarray, " n_vocab"],
    methods: dict[str, Namer],
    out: Bool[np.ndarray, " n"],
    recurs: Bool[np.ndarray, " n"],
) -> Outcomes:
    named = rows.select(~out)
    sizes = named.sizes()
    n_named = np.bincount(rows.owner, weights=sizes > 0)
    tested = np.flatnonzero(out & (sizes[rows.group] > 0) & (n_named[rows.owner[rows.group]] > 1))
    choices = sibling_choices(rows, tested, sizes)
    right = {
        "chance": choices.right(np.zeros(len(choices.group))),
        "largest": choices.right(sizes[choices.group]),
    }
    for name, namer in methods.items():
        right[name] = choices.right(match(namer(named), rows.tokens[tested], choices, words))
    return Outcomes(rows.owner[rows.group[tested]], recurs[tested], right)


@dataclass(frozen=True)
class Choices:
    """Candidate features of each tested example: pairs, by example; `truth` marks its own feature."""

    example: Int[np.ndarray, " n_pairs"]
    group: Int[np.ndarray, " n_pairs"]
    truth: Bool[np.ndarray, " n_pairs"]

    def right(self, score: Num[np.ndarray, " n_pairs"]) -> Float[np.ndarray, " n_tested"]:
        """Probability that an example is assigned to its own feature: the one with the best score, ties by chance."""
        if not len(score):
            return np.zeros(0)
        begins = np.flatnonzero(np.diff(self.example, prepend=-1))
        best = score >= np.maximum.reduceat(score, begins)[self.example] - 1e-9
        return np.bincount(self.example, weights=best & self.truth) / np.bincount(self.example, weights=best)


def sibling_choices(rows: Rows, test: Int[np.ndarray, " n_tested"], sizes: Int[np.ndarray, " n_groups"]) -> Choices:
    """All features of the same neuron that have examples left; the features of one neuron are adjacent."""
    neuron = rows.owner[rows.group[test]]
    counts, first = np.bincount(rows.owner)[neuron], np.searchsorted(rows.owner, neuron)
    example = np.repeat(np.arange(len(test)), counts)
    group = first[example] + np.arange(len(example)) - np.repeat(np.cumsum(counts) - counts, counts)
    has_examples = sizes[group] > 0
    example, group = example[has_examples], group[has_examples]
    return Choices(example, group, group == rows.group[test][example])


def match(
    names: Names, tokens: Int[np.ndarray, "n_tested back"], choices: Choices, words: Int[np.ndarray, " n_vocab"]
) -> Float[np.ndarray, " n_pairs"]:
    """Score of a name for an example, from its terms and the example's tokens alone.

    A key term equal to the example's key token: 1, less `PLACE` for every term before it. Each context term: `PRESENT`
    if it is among the `NEAR` tokens before the key token, −`ABSENT` if it is not.
    """
    as_word = np.append(words, -1)  # the last entry is for missing tokens and missing terms, −1
    key, near = as_word[tokens[:, -1]], as_word[tokens[:, -1 - NEAR : -1]]
    keys, context = as_word[names.keys][choices.group], as_word[names.context][choices.group]
    scale = 1 - PLACE * np.arange(keys.shape[1])
    score = np.where(keys == key[choices.example][:, None], scale, 0).max(axis=1)
    for term in context.T:
        present = (near[choices.example] == term[:, None]).any(axis=1)
        score += np.where(term < 0, 0, np.where(present, PRESENT, -ABSENT))
    return score
