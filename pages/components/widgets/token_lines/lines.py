"""Rows of a neuron as lines of tokens with their activations and importances: what the components draw."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas, Neuron
from ne_core.method.agreement import baseline_importances
from ne_core.queries.maximum import maximum
from ne_core.text.windows import Window
from pages.components.widgets.thumbs import thumbs


def lines(
    atlas: Atlas,
    neuron: Neuron,
    rows: Sequence[int],
    before: int | None = None,
    after: int | None = None,
    baseline: int | None = 0,
) -> list[dict]:
    """A line for each row: {t: tokens, v: activations, m: importances up to the key token or None, k: key token}.

    Where examples are images it is the label, and {image: what thumbs.py makes of each}.

    `before` and `after` limit the tokens around the key token; without them it is the atlas's whole window.
    Importances are those of one mask baseline of the atlas, or for None their mean.
    """
    rows = np.asarray(rows, dtype=np.int64)
    part, key = around(atlas.manifest.window, before, after)
    ids = atlas.window_tokens(neuron, rows)[:, part]
    importances = baseline_importances(neuron.window_importances[rows], baseline)[:, part.start :]
    values = zip(
        *(each.tolist() for each in spans(ids)),
        ids.tolist(),
        plain(neuron.window_activations[rows][:, part], 3),
        plain(importances, 2),
        np.isfinite(importances).any(axis=1).tolist(),
        strict=True,
    )
    shown = atlas.visible_tokens
    made = [
        {"t": [shown[id] for id in ids[a:b]], "v": v[a:b], "m": m[a:b] if known else None, "k": key - a}
        for a, b, ids, v, m, known in values
    ]
    if atlas.images is None:
        return made
    return [line | {"image": image} for line, image in zip(made, thumbs(atlas, neuron.example[rows]), strict=True)]


def snippets(atlas: Atlas, neuron: Neuron, rows: Sequence[int], before: int, after: int) -> list[list[str]]:
    """Of each row: the text before the key token, the key token, the text after it. Thousands take milliseconds."""
    part, key = around(atlas.manifest.window, before, after)
    ids = atlas.window_tokens(neuron, np.asarray(rows, dtype=np.int64))[:, part]
    shown = [*atlas.visible_tokens, ""]  # no token has number −1, which is the last
    texts = ([shown[id] for id in row] for row in ids.tolist())
    return [["".join(row[:key]), row[key], "".join(row[key + 1 :])] for row in texts]


def around(window: Window, before: int | None, after: int | None) -> tuple[slice, int]:
    """Which part of the window has so many tokens before and after the key token, and where in it that stands."""
    start = 0 if before is None else max(0, window.key - before)
    stop = window.size if after is None else min(window.size, window.key + 1 + after)
    return slice(start, stop), window.key - start


def spans(ids: Int[np.ndarray, "n length"]) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """Where the tokens of each row begin and end: only the ends of a window can lie outside the example."""
    inside = ids >= 0
    start = inside.argmax(axis=1)
    return start, start + inside.sum(axis=1)


def plain(values: Float[np.ndarray, "..."], digits: int) -> list:
    """Numbers as JSON has them, in lists as deep as the array: NaN and infinities become null."""
    rounded = values.astype(np.float64).round(digits)
    finite = np.isfinite(rounded)
    return (rounded if finite.all() else np.where(finite, rounded.astype(object), None)).tolist()


def central_line(atlas: Atlas, id: int, before: int, after: int) -> tuple[dict, float]:
    """The line of a feature's central example, and the activation that counts as full."""
    ref = atlas.feature_ref(id)
    line = lines(atlas, atlas.neuron(ref.of), [int(atlas.features["central"][id])], before, after)[0]
    return line, maximum(atlas, ref.of)
