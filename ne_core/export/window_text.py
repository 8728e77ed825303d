"""Readable text and numbers of an example around its key token, for exported pages and figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas, Neuron
from ne_core.method.agreement import baseline_importances
from ne_core.text.token_text import visible

Snippet = tuple[str, str, str]  # before, key token, after


@dataclass(frozen=True)
class Line:
    """Readable tokens and their numbers; activations may be NaN, importances are NaN after `key`."""

    tokens: list[str]
    key: int
    activations: Float[np.ndarray, " n"]
    importances: Float[np.ndarray, " n"]


def window_lines(atlas: Atlas, neuron: Neuron, rows: Sequence[int], baseline: int = 0) -> list[Line]:
    """Return the whole window of the given rows of a neuron, with importances by one of the atlas's mask baselines."""
    rows, window = np.asarray(rows, dtype=np.int64), atlas.manifest.window
    ids, activations = atlas.window_tokens(neuron, rows), neuron.window_activations[rows].astype(np.float64)
    importances = np.full(activations.shape, np.nan)
    importances[:, : window.back] = baseline_importances(neuron.window_importances[rows], baseline)
    lines = []
    for i, inside in enumerate(ids >= 0):
        tokens = [visible(token) for token in atlas.text(ids[i, inside])]
        lines.append(Line(tokens, int(inside[: window.key].sum()), activations[i, inside], importances[i, inside]))
    return lines


def snippet(line: Line, before: int = 40, after: int = 24) -> Snippet:
    """Shorten a line to at most `before` and `after` characters around the key token."""
    first, last = "".join(line.tokens[: line.key]), "".join(line.tokens[line.key + 1 :])
    return first[-before:], line.tokens[line.key][:after], last[:after]


def snippets(atlas: Atlas, neuron: Neuron) -> list[Snippet]:
    """Return a snippet of every example of a neuron, in their order."""
    return [snippet(line) for line in window_lines(atlas, neuron, range(len(neuron)))]
