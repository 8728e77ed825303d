"""Rows of a neuron as lines of tokens with their activations and importances: what the components draw."""

from collections.abc import Sequence

import numpy as np

from ne_core.agreement import of_baseline
from ne_core.atlas import Atlas, Neuron
from ne_core.token_text import visible


def lines(
    atlas: Atlas,
    neuron: Neuron,
    rows: Sequence[int],
    before: int | None = None,
    after: int | None = None,
    baseline: int | None = 0,
) -> list[dict]:
    """A line for each row: {t: tokens, v: activations, m: importances up to the key token or None, k: key token}.

    `before` and `after` limit the tokens around the key token; without them it is the atlas's whole window.
    Importances are those of one mask baseline of the atlas, or for None their mean.
    """
    window, rows = atlas.manifest.window, np.asarray(rows, dtype=np.int64)
    start = 0 if before is None else max(0, window.key - before)
    stop = window.size if after is None else min(window.size, window.key + 1 + after)
    ids = atlas.window_tokens(neuron, rows)[:, start:stop]
    activations = neuron.window_activations[rows][:, start:stop]
    importances = of_baseline(neuron.window_importances[rows], baseline)[:, start:]
    return [line(atlas, *columns, window.key - start) for columns in zip(ids, activations, importances, strict=True)]


def line(atlas: Atlas, ids: np.ndarray, activations: np.ndarray, importances: np.ndarray, key: int) -> dict:
    """One line, without the places that lie outside the example."""
    inside = ids >= 0
    known = np.isfinite(importances)
    return {
        "t": [visible(text) for text in atlas.text(ids[inside])],
        "v": plain(activations[inside], 3),
        "m": plain(importances[inside[: len(importances)]], 2) if known.any() else None,
        "k": int(inside[:key].sum()),
    }


def plain(values: np.ndarray, digits: int) -> list[float | None]:
    """Numbers as JSON has them: NaN and infinities become null."""
    values = values.astype(np.float64)
    return [
        round(value, digits) if finite else None
        for value, finite in zip(values.tolist(), np.isfinite(values), strict=True)
    ]


def central_line(atlas: Atlas, id: int, before: int, after: int) -> tuple[dict, float]:
    """The line of a feature's central example, and the activation that counts as full."""
    ref = atlas.feature_ref(id)
    line = lines(atlas, atlas.neuron(ref.of), [int(atlas.features["central"][id])], before, after)[0]
    return line, maximum(atlas, ref.of)


def maximum(atlas: Atlas, ref) -> float:
    """The activation drawn at full strength: the neuron's maximum."""
    found = float(atlas.neurons["maximum"][atlas.neuron_row(ref)])
    return max(found, 1e-6) if np.isfinite(found) else 1.0  # JSON has no other numbers
