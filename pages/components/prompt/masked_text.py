"""The text with the importance of each token for one neuron, one line for each mask baseline."""

from collections.abc import Sequence

import numpy as np

from ne_core.live.answers import Matters
from pages.components.base.assets import component, drawn_key

MASKED = component(__file__, "masked_text", html='<ul id="lines"></ul><div id="tip" role="tooltip"></div>')


def masked_text(matters: Matters, tokens: Sequence[str], causal: bool) -> None:
    """Draw the lines; `tokens` are readable texts."""
    lines = [line(matters, tokens, row) for row in matters.importance]
    drawn = {
        "label": "Token importance by mask baseline",
        "names": list(matters.baselines),
        "lines": lines,
        "maximum": max(matters.activation, 1e-9),
        "causal": causal,
    }
    MASKED(data={"key": drawn_key(drawn), **drawn}, key="masked_text")


def line(matters: Matters, tokens: Sequence[str], importance: np.ndarray) -> dict:
    """Data of a line for shared.js; only the key token has an activation."""
    activations = [None] * len(tokens)
    activations[matters.pos] = round(matters.activation, 3)
    values = [None if np.isnan(value) else round(value, 2) for value in importance.astype(np.float64).tolist()]
    return {"t": list(tokens), "v": activations, "m": values, "k": matters.pos}
