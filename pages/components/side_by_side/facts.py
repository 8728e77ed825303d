"""Comparison of two features: their cosine in each space, shared key tokens, and the measures of both."""

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.method.measures import measures
from ne_core.numbers import fixed
from ne_core.queries.space_index import space_index
from ne_core.text.token_text import short
from pages.components.base.escape import markdown
from pages.components.cached.embedder import embedder
from pages.components.side_by_side.feature import SideFeature
from pages.components.text.labels import quoted
from pages.components.widgets.cluster_words import number

MOST_TOKENS = 8


def cosine(atlas: Atlas, a: SideFeature, b: SideFeature, space: str) -> float | None:
    """Cosine between the central examples; the stored value if one is among the other's similar features.

    None if a feature is not listed and the atlas holds no inputs. Raises AtlasError if the index of the space is
    incomplete.
    """
    if not (a.listed and b.listed):
        return inputs_cosine(atlas, a, b, space) if atlas.manifest.inputs else None
    for one, other in ((a, b), (b, a)):
        stored = dict(atlas.similar(one.ref, space)).get(other.ref)
        if stored is not None:
            return stored
    ids = np.array([atlas.feature_id(each.ref) for each in (a, b)])
    return between(*space_index(atlas, space).vectors(ids))


def inputs_cosine(atlas: Atlas, a: SideFeature, b: SideFeature, space: str) -> float | None:
    """Cosine between the central examples, from their inputs.

    None between layers of different widths, and between two layers in the aligned space, whose rotations are not
    stored.
    """
    if space == "aligned":
        if a.ref.layer != b.ref.layer:
            return None
        space = "standardised"  # a rotation of the layer keeps its cosines
    u, v = (central_vector(atlas, each, space) for each in (a, b))
    return between(u, v) if len(u) == len(v) else None


def central_vector(atlas: Atlas, side: SideFeature, space: str) -> Float[np.ndarray, " d_in"]:
    """Embedding of the central example in a space of similar features."""
    ref, row = side.ref, side.cluster.central
    x, w = atlas.neuron_inputs(ref.of)[row : row + 1], atlas.weights(ref.layer).W_in[:, ref.neuron]
    return embedder(atlas, ref.layer)(space, np.float32(x), np.float32(w))[0]


def between(u: Float[np.ndarray, " d"], v: Float[np.ndarray, " d"]) -> float:
    """Cosine of two vectors; 0 if one is zero."""
    lengths = float(np.linalg.norm(u) * np.linalg.norm(v))
    return float(np.clip(u @ v / lengths, -1, 1)) if lengths else 0.0


def common(atlas: Atlas, a: SideFeature, b: SideFeature) -> list[tuple[int, int, int]]:
    """Words that are key tokens of both, as (token of the word, examples of a, examples of b), most frequent first."""
    tokens = [each.key_tokens for each in (a, b)]
    words, indices = np.unique(np.concatenate([atlas.words[each] for each in tokens]), return_inverse=True)
    n_a = len(tokens[0])
    counts = [np.bincount(part, minlength=len(words)) for part in (indices[:n_a], indices[n_a:])]
    both = np.flatnonzero((counts[0] > 0) & (counts[1] > 0))
    both = both[np.argsort(-(counts[0] + counts[1])[both], kind="stable")]
    return [(int(tokens[0][indices[:n_a] == i][0]), int(counts[0][i]), int(counts[1][i])) for i in both.tolist()]


def tokens_line(atlas: Atlas, a: SideFeature, b: SideFeature) -> str:
    """Sentence on the shared key tokens, as Markdown."""
    words = atlas.manifest.vocabulary
    shared, sizes = common(atlas, a, b), [len(each.cluster) for each in (a, b)]
    if not shared:
        return f"**{words.Key_tokens} in common:** none; no word is a {words.key_token} of both."
    named = ", ".join(f"{quoted([short(atlas.vocab[token])])} ({x} and {y})" for token, x, y in shared[:MOST_TOKENS])
    others = f" and {len(shared) - MOST_TOKENS} more" if len(shared) > MOST_TOKENS else ""
    sums = [sum(each[i] for each in shared) for i in (1, 2)]
    both = f"They are the {words.key_token} of {sums[0]} of a’s {sizes[0]} examples and {sums[1]} of b’s {sizes[1]}."
    return f"**{words.Key_tokens} in common:** {markdown(named)}{others}. {both}"


def measures_table(atlas: Atlas, a: SideFeature, b: SideFeature) -> str:
    """Table of the sizes and measures of both features, as Markdown."""
    columns = [measured(atlas, each) for each in (a, b)]
    named = [markdown(each.name) for each in (a, b)]
    head = f"| | a: {named[0]} | b: {named[1]} |\n|---|---:|---:|\n"
    rows = [f"| {name} | {columns[0][name]} | {columns[1][name]} |" for name in columns[0]]
    return head + "\n".join(rows)


def measured(atlas: Atlas, side: SideFeature) -> dict[str, str]:
    """Sizes and measures, computed from the tree of the side at its cut."""
    cluster, neuron, unit = side.cluster, side.neuron, atlas.manifest.vocabulary.unit
    values = measures(neuron.tree, side.cut)
    return {
        "Examples": f"{len(cluster):,}",
        f"Share of the {unit}’s examples": f"{len(cluster) / len(neuron):.0%}",
        "Mean activation": fixed(neuron.activation[cluster.rows].astype(np.float64).mean()),
        "Mean distance within the feature": number(cluster.distance),
        f"Features of the {unit}": f"{values.n_features:,}",
        f"Mean distance between the {unit}’s features": number(values.inter_distance),
    }
