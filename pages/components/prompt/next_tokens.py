"""Probabilities of the next tokens as bars, for the text alone or for the three runs of a removal."""

from collections.abc import Sequence

import numpy as np

from ne_core.atlas import Atlas
from ne_core.live.answers import RUNS, TakenOut, TextRead
from ne_core.text.token_text import spelled
from pages.components.base.assets import component, drawn_key

NEXT = component(
    __file__,
    "next_tokens",
    html='<table><caption class="hidden"></caption><thead></thead><tbody></tbody></table>',
)
TITLES = {"before": "Unchanged", "after": "Removed", "random": "Random direction"}


def next_tokens(atlas: Atlas, read: TextRead, pos: int) -> None:
    """Show the likeliest tokens after a position; nothing for a model that predicts no tokens."""
    tokens = read.next_tokens[pos]
    shares = np.exp(read.next_log_probability[pos].astype(np.float64))[tokens >= 0]
    if len(shares):
        table(atlas, tokens[tokens >= 0].tolist(), {"Probability": shares.tolist()}, "expected")


def compared_tokens(atlas: Atlas, effect: TakenOut) -> None:
    """Show the next tokens of the three runs."""
    columns = {TITLES[run]: row.tolist() for run, row in zip(RUNS, effect.probability, strict=True)}
    table(atlas, effect.next_tokens.tolist(), columns, "taken_out")


def table(atlas: Atlas, tokens: Sequence[int], columns: dict[str, list[float]], key: str) -> None:
    """Draw a row for each token and a bar for each column, all on one scale."""
    most = max((max(values, default=0.0) for values in columns.values()), default=0.0) or 1.0
    rows = [
        {
            "token": spelled(atlas.vocab[token]),
            "values": [percent(values[i]) for values in columns.values()],
            "shares": [round(values[i] / most, 4) for values in columns.values()],
        }
        for i, token in enumerate(tokens)
    ]
    drawn = {"label": "Next tokens by probability", "head": list(columns), "rows": rows}
    NEXT(data={"key": drawn_key(drawn), **drawn}, key=key)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.0005 else "< 0.05 %"
