"""Comparison of two features: their cosine in each space, shared key tokens, and the measures of both."""

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.numbers import fixed
from ne_core.queries.space_index import space_index
from ne_core.refs import FeatureRef
from ne_core.text.token_text import short
from pages.components.base.escape import markdown
from pages.components.text.labels import quoted
from pages.components.widgets.cluster_words import number

MOST_TOKENS = 8


def cosine(atlas: Atlas, a: FeatureRef, b: FeatureRef, space: str) -> float:
    """Cosine between the central examples; the stored value if one is among the other's similar features.

    Raises AtlasError if the index of the space is incomplete.
    """
    for one, other in ((a, b), (b, a)):
        stored = dict(atlas.similar(one, space)).get(other)
        if stored is not None:
            return stored
    ids = np.array([atlas.feature_id(a), atlas.feature_id(b)])
    u, v = space_index(atlas, space).vectors(ids)
    return float(np.clip(u @ v / (np.linalg.norm(u) * np.linalg.norm(v)), -1, 1))


def rows_of(atlas: Atlas, ref: FeatureRef) -> Int[np.ndarray, " n_rows"]:
    """Rows of the feature's examples in its neuron: the central one first, the rest by activation."""
    neuron = atlas.neuron(ref.of)
    rows = np.flatnonzero(neuron.feature == ref.feature)
    central = atlas.features["central"][atlas.feature_id(ref)]
    return rows[np.lexsort((-neuron.activation[rows].astype(np.float32), rows != central))]


def key_tokens(atlas: Atlas, ref: FeatureRef) -> Int[np.ndarray, " n_rows"]:
    neuron, rows = atlas.neuron(ref.of), rows_of(atlas, ref)
    return atlas.tokens[neuron.example[rows], neuron.pos[rows]]


def common(atlas: Atlas, a: FeatureRef, b: FeatureRef) -> list[tuple[int, int, int]]:
    """Words that are key tokens of both, as (token of the word, examples of a, examples of b), most frequent first."""
    tokens = [key_tokens(atlas, ref) for ref in (a, b)]
    words, indices = np.unique(np.concatenate([atlas.words[each] for each in tokens]), return_inverse=True)
    n_a = len(tokens[0])
    counts = [np.bincount(part, minlength=len(words)) for part in (indices[:n_a], indices[n_a:])]
    both = np.flatnonzero((counts[0] > 0) & (counts[1] > 0))
    both = both[np.argsort(-(counts[0] + counts[1])[both], kind="stable")]
    return [(int(tokens[0][indices[:n_a] == i][0]), int(counts[0][i]), int(counts[1][i])) for i in both.tolist()]


def tokens_line(atlas: Atlas, a: FeatureRef, b: FeatureRef) -> str:
    """Sentence on the shared key tokens, as Markdown."""
    words = atlas.manifest.vocabulary
    shared, sizes = common(atlas, a, b), [len(key_tokens(atlas, ref)) for ref in (a, b)]
    if not shared:
        return f"**{words.Key_tokens} in common:** none; no word is a {words.key_token} of both."
    named = ", ".join(f"{quoted([short(atlas.vocab[token])])} ({x} and {y})" for token, x, y in shared[:MOST_TOKENS])
    others = f" and {len(shared) - MOST_TOKENS} more" if len(shared) > MOST_TOKENS else ""
    sums = [sum(each[i] for each in shared) for i in (1, 2)]
    both = f"They are the {words.key_token} of {sums[0]} of a’s {sizes[0]} examples and {sums[1]} of b’s {sizes[1]}."
    return f"**{words.Key_tokens} in common:** {markdown(named)}{others}. {both}"


def measures_table(atlas: Atlas, a: FeatureRef, b: FeatureRef) -> str:
    """Table of the sizes and measures of both features, as Markdown."""
    columns = [measured(atlas, ref) for ref in (a, b)]
    named = [markdown(ref_name(atlas.manifest, ref)) for ref in (a, b)]
    head = f"| | a: {named[0]} | b: {named[1]} |\n|---|---:|---:|\n"
    rows = [f"| {name} | {columns[0][name]} | {columns[1][name]} |" for name in columns[0]]
    return head + "\n".join(rows)


def measured(atlas: Atlas, ref: FeatureRef) -> dict[str, str]:
    features, neurons, unit = atlas.features, atlas.neurons, atlas.manifest.vocabulary.unit
    id, row = atlas.feature_id(ref), atlas.neuron_row(ref.of)
    size, n = int(features["size"][id]), int(neurons["n_examples"][row])
    return {
        "Examples": f"{size:,}",
        f"Share of the {unit}’s examples": f"{size / n:.0%}",
        "Mean activation": fixed(features["mean_activation"][id]),
        "Mean distance within the feature": number(features["intra_distance"][id]),
        f"Features of the {unit}": f"{neurons['n_features'][row]:,}",
        f"Mean distance between the {unit}’s features": number(neurons["inter_distance"][row]),
    }
