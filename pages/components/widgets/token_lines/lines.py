"""Lines of tokens with activations and importances, the data that components draw, from rows of a neuron."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas, Neuron
from ne_core.method.agreement import baseline_importances
from ne_core.queries.maximum import maximum
from ne_core.text.windows import Window
from pages.components.widgets.pictures.thumbs import thumbs


def lines(
    atlas: Atlas,
    neuron: Neuron,
    rows: Sequence[int],
    before: int | None = None,
    after: int | None = None,
    baseline: int | None = 0,
) -> list[dict]:
    """One line per row: {t: tokens, v: activations, m: importances up to the key token or None, k: key token}.

    For images the one token is the label, and the line has {image} of thumbs.py too.

    `before` and `after` limit the tokens around the key token; by default it is the atlas's whole window.
    Importances are those of one mask baseline of the atlas, or their mean for None.
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
    texts = atlas.visible_tokens
    token_lines = [
        {"t": [texts[id] for id in ids[a:b]], "v": v[a:b], "m": m[a:b] if known else None, "k": key - a}
        for a, b, ids, v, m, known in values
    ]
    if atlas.images is None:
        return token_lines
    images = thumbs(atlas, neuron.example[rows])
    return [line | {"image": image} for line, image in zip(token_lines, images, strict=True)]


def snippets(atlas: Atlas, neuron: Neuron, rows: Sequence[int], before: int, after: int) -> list[list[str]]:
    """Text before the key token, the key token, and the text after it, for each row. Thousands take milliseconds."""
    part, key = around(atlas.manifest.window, before, after)
    ids = atlas.window_tokens(neuron, np.asarray(rows, dtype=np.int64))[:, part]
    texts = [*atlas.visible_tokens, ""]  # the last is the text of −1, no token
    rows_of_texts = ([texts[id] for id in row] for row in ids.tolist())
    return [["".join(row[:key]), row[key], "".join(row[key + 1 :])] for row in rows_of_texts]


def around(window: Window, before: int | None, after: int | None) -> tuple[slice, int]:
    """Slice of the window with these numbers of tokens around the key token, and the key token's index in it."""
    start = 0 if before is None else max(0, window.key - before)
    stop = window.size if after is None else min(window.size, window.key + 1 + after)
    return slice(start, stop), window.key - start


def spans(ids: Int[np.ndarray, "n length"]) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """Start and stop of the tokens of each row: only the ends of a window can be outside the example."""
    inside = ids >= 0
    start = inside.argmax(axis=1)
    return start, start + inside.sum(axis=1)


def plain(values: Float[np.ndarray, "..."], digits: int) -> list:
    """Round to nested lists of JSON numbers; NaN and infinities become None."""
    rounded = values.astype(np.float64).round(digits)
    finite = np.isfinite(rounded)
    return (rounded if finite.all() else np.where(finite, rounded.astype(object), None)).tolist()


def central_line(atlas: Atlas, id: int, before: int, after: int) -> tuple[dict, float]:
    """Line of a feature's central example, and the neuron's maximum activation."""
    ref = atlas.feature_ref(id)
    line = lines(atlas, atlas.neuron(ref.of), [int(atlas.features["central"][id])], before, after)[0]
    return line, maximum(atlas, ref.of)
