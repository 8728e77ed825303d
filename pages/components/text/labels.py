"""Names of features: the terms that distinguish a feature from its neuron's other features (method/naming.py)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron
from ne_core.export.feature_text import group_names, naming_inputs
from ne_core.method.naming import Names, node_names
from ne_core.text.token_text import short

MOST = 0.6  # share of the examples with one of the key terms, below which a label has others


@dataclass(frozen=True)
class Label:
    """Key terms, the best first; `has_others` if many examples have other key terms; `context`, the words before."""

    tokens: tuple[str, ...]
    has_others: bool
    context: tuple[str, ...] = ()

    def __str__(self) -> str:
        after = f" after {quoted(self.context)}" if self.context else ""
        return quoted(self.tokens) + " …" * self.has_others + after

    def data(self) -> dict:
        """Data of the label for a component, which isolates every token."""
        return {"label": list(self.tokens), "context": list(self.context), "has_others": self.has_others}


def quoted(tokens: Sequence[str]) -> str:
    return ", ".join(f"“{token}”" for token in tokens)


def label(atlas: Atlas, id: int) -> Label:
    """Name of the feature in row `id`, as stored in the atlas."""
    features, words = atlas.features, atlas.words
    keys = features["name_keys"][id]
    named = {words[token] for token in keys.tolist() if token >= 0}
    frequent = zip(features["key_tokens"][id].tolist(), features["key_token_counts"][id].tolist(), strict=True)
    covered = sum(count for token, count in frequent if token >= 0 and words[token] in named)
    return build_label(atlas, keys, features["name_context"][id], covered / int(features["size"][id]))


def build_label(atlas: Atlas, keys: Int[np.ndarray, " k"], context: Int[np.ndarray, " c"], covered: float) -> Label:
    texts, before = ([short(atlas.vocab[token]) for token in each.tolist() if token >= 0] for each in (keys, context))
    return Label(tuple(texts), covered < MOST, tuple(before))


def labels_of(atlas: Atlas, neuron: Neuron, group: Int[np.ndarray, " n"]) -> list[Label]:
    """Compute names of groups of a neuron's examples; `group` is the number of each example's group, none empty."""
    names = group_names(atlas, neuron, group)
    word = atlas.words[atlas.tokens[neuron.example, neuron.pos]]
    return [
        build_label(atlas, keys, context, np.isin(word[group == i], atlas.words[keys[keys >= 0]]).mean().item())
        for i, (keys, context) in enumerate(zip(names.keys, names.context, strict=True))
    ]


def node_labels(atlas: Atlas, neuron: Neuron) -> Names:
    """Names of all nodes of a neuron's tree, examples first."""
    return node_names(neuron.tree, *naming_inputs(atlas, neuron))


def brief(labels: Sequence[Label]) -> list[str | list[str]]:
    """First term of each label, without repetition; with the word before it where only that distinguishes two."""
    firsts = [each.tokens[0] for each in labels]
    terms = [
        [each.tokens[0], each.context[0]] if each.context and firsts.count(each.tokens[0]) > 1 else each.tokens[0]
        for each in labels
    ]
    return [term for i, term in enumerate(terms) if term not in terms[:i]]
