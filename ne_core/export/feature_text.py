"""What a feature is called where there is no screen, in tables, files and static pages: see method/naming.py."""

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron
from ne_core.method.naming import Names, names
from ne_core.text.token_text import short


def feature_name(atlas: Atlas, id: int) -> str:
    """The name of the feature in row `id` of `features`, as the atlas holds it."""
    return spoken(atlas, atlas.features["name_keys"][id], atlas.features["name_context"][id])


def cluster_names(atlas: Atlas, neuron: Neuron, group: Int[np.ndarray, " n"]) -> list[str]:
    """Names of the groups that a neuron's examples fall into at any cut, none of them empty."""
    if not len(group):
        return []
    found = group_names(atlas, neuron, group)
    return [spoken(atlas, *terms) for terms in zip(found.keys, found.context, strict=True)]


def group_names(atlas: Atlas, neuron: Neuron, group: Int[np.ndarray, " n"]) -> Names:
    """The same as token ids; there is an example at least."""
    return names(group, np.zeros(int(group.max()) + 1, dtype=np.int64), *told(atlas, neuron))


def told(atlas: Atlas, neuron: Neuron) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What names are made of: tokens up to the key token, their importances, and which tokens are one word."""
    window = atlas.window_tokens(neuron, np.arange(len(neuron)))
    return window[:, : atlas.manifest.window.back], neuron.window_importances, atlas.words


def spoken(atlas: Atlas, keys: Int[np.ndarray, " k"], context: Int[np.ndarray, " c"]) -> str:
    """“shape”, “size” after “the”: key terms, and what stands before them."""
    key, before = (quoted(atlas, ids) for ids in (keys, context))
    return f"{key} after {before}" if before else key


def quoted(atlas: Atlas, ids: Int[np.ndarray, " k"]) -> str:
    return ", ".join(f"“{short(atlas.vocab[id])}”" for id in ids.tolist() if id >= 0)
