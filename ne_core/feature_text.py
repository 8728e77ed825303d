"""What a feature is called where there is no screen: in tables, in files, in static pages."""

from collections import Counter

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron
from ne_core.schema import KEY_TOKENS
from ne_core.token_text import short


def feature_name(atlas: Atlas, id: int) -> str:
    """The name of the feature in row `id` of `features`: its most frequent key tokens."""
    return listed([short(atlas.vocab[token]) for token in atlas.features["key_tokens"][id].tolist() if token >= 0])


def cluster_name(atlas: Atlas, neuron: Neuron, rows: Int[np.ndarray, " k"]) -> str:
    """The name of any of a neuron's examples together, by the same rule."""
    keys = atlas.tokens[neuron.example[rows], neuron.pos[rows]].tolist()
    return listed([short(atlas.vocab[token]) for token, _ in Counter(keys).most_common(KEY_TOKENS)])


def listed(names: list[str]) -> str:
    """“ import” and “import” are one name."""
    return ", ".join(f"“{name}”" for name in dict.fromkeys(names))
