"""Tokens whose logits a neuron's output weights raise or lower, each a link to the features that fire on it."""

from collections.abc import Sequence

from ne_core.atlas import Atlas
from ne_core.numbers import signed
from ne_core.text.token_text import spelled, visible
from pages.components.base.assets import component, drawn_key
from pages.components.url.links import atlas_query, page_href

EFFECTS = component(__file__, "effects", html='<div id="both"></div>')


def effect_lists(atlas: Atlas, raised: Sequence[tuple[int, float]], lowered: Sequence[tuple[int, float]]) -> None:
    most = max((abs(effect) for _, effect in (*raised, *lowered)), default=0) or 1
    lists = {"Raises most": raised, "Lowers most": lowered}
    drawn = [
        {"title": title, "rows": [effect_row(atlas, token, effect, most) for token, effect in each]}
        for title, each in lists.items()
    ]
    EFFECTS(data={"key": drawn_key(drawn), "lists": drawn}, key="effects")


def effect_row(atlas: Atlas, token: int, effect: float, most: float) -> dict:
    text = atlas.vocab[token]
    query = atlas_query(atlas, {"q": spelled(text), "mode": "token"})
    return {
        "text": visible(text),
        "href": page_href("search", query),
        "effect": signed(effect),
        "share": round(abs(effect) / most, 3),
        "raises": effect > 0,
    }
