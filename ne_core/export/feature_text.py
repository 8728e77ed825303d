"""Names of features in plain text, for tables, files and static pages; see method/naming.py."""

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron
from ne_core.method.naming import Names, names
from ne_core.text.token_text import short


def feature_name(atlas: Atlas, id: int) -> str:
    """Return the stored name of the feature in row `id` of the table of features."""
    return name_text(atlas, atlas.features["name_keys"][id], atlas.features["name_context"][id])


def cluster_names(atlas: Atlas, neuron: Neuron, group: Int[np.ndarray, " n"]) -> list[str]:
    """Return the name of each group of a neuron's examples, at any cut; no group may be empty."""
    if not len(group):
        return []
    group_terms = group_names(atlas, neuron, group)
    return [name_text(atlas, *terms) for terms in zip(group_terms.keys, group_terms.context, strict=True)]


def group_names(atlas: Atlas, neuron: Neuron, group: Int[np.ndarray, " n"]) -> Names:
    """Return the same names as token ids, for one example or more."""
    return names(group, np.zeros(int(group.max()) + 1, dtype=np.int64), *naming_inputs(atlas, neuron))


def naming_inputs(atlas: Atlas, neuron: Neuron) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the tokens up to the key token, their importances, and the word class of every token."""
    window = atlas.window_tokens(neuron, np.arange(len(neuron)))
    return window[:, : atlas.manifest.window.back], neuron.window_importances, atlas.words


def name_text(atlas: Atlas, keys: Int[np.ndarray, " k"], context: Int[np.ndarray, " c"]) -> str:
    """Format a name, such as “shape”, “size” after “the”: key terms, then the terms before them."""
    key, before = (quoted_terms(atlas, ids) for ids in (keys, context))
    return f"{key} after {before}" if before else key


def quoted_terms(atlas: Atlas, ids: Int[np.ndarray, " k"]) -> str:
    """Tokens in quotation marks, separated by commas; negative ids are left out."""
    return ", ".join(f"“{short(atlas.vocab[id])}”" for id in ids.tolist() if id >= 0)
