"""Examples that are nearly the same: those whose texts end alike at the key token."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron
from ne_core.text.windows import Window

ENDING = 40  # characters up to and including the key token that near duplicates share


def endings(atlas: Atlas, neuron: Neuron, rows: Int[np.ndarray, " k"]) -> list[str]:
    """Last ENDING characters of each row's text up to and including its key token, from its whole example."""
    return endings_at(atlas.tokens, atlas.lengths, atlas.vocab, neuron.example[rows], neuron.pos[rows])


def endings_at(
    tokens: Int[np.ndarray, "n_examples n_ctx"],
    lengths: Int[np.ndarray, " n_examples"],
    vocab: Sequence[str],
    example: Int[np.ndarray, " n"],
    pos: Int[np.ndarray, " n"],
) -> list[str]:
    """Last ENDING characters of the text up to and including each (example, position)."""
    window = Window(back=ENDING, forward=0)  # a token has at least a character, so these tokens are enough
    ids = window.slice(tokens, lengths, example, pos, -1)
    return ["".join(vocab[id] for id in row if id >= 0)[-ENDING:] for row in ids.tolist()]


def distinct_rows(atlas: Atlas, neuron: Neuron) -> Int[np.ndarray, " k"]:
    """Return the first row of each group of near duplicates, ascending."""
    groups = alike(endings(atlas, neuron, np.arange(len(neuron))))
    return np.array([group[0] for group in groups], dtype=np.int64)


def alike(texts: Sequence[str]) -> list[list[int]]:
    """Group equal texts: indices of each group ascending, groups by their first."""
    groups: dict[str, list[int]] = {}
    for i, text in enumerate(texts):
        groups.setdefault(text, []).append(i)
    return list(groups.values())
