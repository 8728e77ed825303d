"""Examples that are nearly the same: those whose texts end alike at the key token."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron
from ne_core.text.windows import Window

ENDING = 40  # characters up to and including the key token that near duplicates share


def endings(atlas: Atlas, neuron: Neuron, rows: Int[np.ndarray, " k"]) -> list[str]:
    """Last ENDING characters of each row's text up to and including its key token, from its whole example."""
    window = Window(back=ENDING, forward=0)  # a token has at least a character, so these tokens are enough
    ids = window.slice(atlas.tokens, atlas.lengths, neuron.example[rows], neuron.pos[rows], -1)
    return ["".join(atlas.vocab[id] for id in row if id >= 0)[-ENDING:] for row in ids.tolist()]


def alike(texts: Sequence[str]) -> list[list[int]]:
    """Group equal texts: indices of each group ascending, groups by their first."""
    groups: dict[str, list[int]] = {}
    for i, text in enumerate(texts):
        groups.setdefault(text, []).append(i)
    return list(groups.values())
