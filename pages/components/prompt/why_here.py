"""Explanation of one neuron at the picked token: the parts of its pre-activation, and token importance."""

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.live.answers import Matters, TextRead, Why
from ne_core.live.requests import WhatMatters, WhyHere
from ne_core.text.token_text import spelled, visible
from pages.components.base.escape import markdown
from pages.components.prompt import requesting
from pages.components.prompt.answered import show_answer
from pages.components.prompt.masked_text import masked_text
from pages.components.url.links import atlas_query, neuron_href, page_href
from pages.components.url.prompt_view import View
from pages.components.widgets.chips import Chip, chips
from pages.components.widgets.plots.parts_chart import EXPLANATION, MOST, part_name, parts_chart, with_rest


def show_why(atlas: Atlas, view: View, read: TextRead) -> None:
    """Show the explanation of the neuron `view.why` at the token `view.pos`."""
    ref, pos = view.why, view.pos
    token, name = visible(atlas.vocab[int(read.tokens[pos])]), ref_name(atlas.manifest, ref)
    st.subheader(markdown(f"Why {name} fires at “{token}”"), anchor=False)
    chips([Chip(f"Open {name}", neuron_href(atlas, ref)), Chip("Close", view.to(why=None).href(atlas))],
          name="why_links", label=f"From {name}")  # fmt: skip
    left, right = st.columns(2, gap="medium")
    with left:
        parts = requesting.answer(atlas, WhyHere(view.text, pos, ref.layer, ref.neuron))
        show_answer(parts, lambda: show_parts(atlas, read, parts, f"{name} at “{token}”"))
    with right:
        matters = requesting.answer(atlas, WhatMatters(view.text, pos, ref.layer, ref.neuron))
        show_answer(matters, lambda: show_importance(atlas, read, matters))


def show_parts(atlas: Atlas, read: TextRead, why: Why, what: str) -> None:
    st.markdown("**Parts of its pre-activation**")
    values, named = why.values.astype(np.float64), why.parts.part_list(why.layer)
    order = np.argsort(-np.abs(values[:-1]), kind="stable")
    largest = [(part_name(named[i]), float(values[i])) for i in order[:MOST]]
    rest = order[MOST:]
    rows = with_rest(largest, len(rest), float(values[rest].sum()), float(values[-1]))
    reads = [reading(atlas, read, why, named[i], int(i)) for i in order[:MOST]]
    parts_chart(f"Parts of the pre-activation of {what}", [*rows, ("pre-activation", why.pre_activation)], reads,
                key="prompt_why")  # fmt: skip
    st.caption(f"In units of pre-activation; the parts sum to it exactly. {EXPLANATION}")


def reading(atlas: Atlas, read: TextRead, why: Why, part, i: int) -> dict | None:
    """Return a phrase with the token that a head reads most; None unless it is one of the strongest heads."""
    heads = why.read_head.tolist()
    head = i - why.parts.first_head
    if part.kind != "head" or head not in heads:
        return None
    back = int(why.read_back[heads.index(head)])
    text = atlas.vocab[int(read.tokens[why.pos - back])]
    distance = "itself" if back == 0 else f"{back:,} token{'s' * (back != 1)} before"
    query = atlas_query(atlas, {"q": spelled(text), "mode": "token"})
    return {"before": "reads ", "token": visible(text), "href": page_href("search", query), "after": f", {distance}"}


def show_importance(atlas: Atlas, read: TextRead, matters: Matters) -> None:
    st.markdown("**Token importance**")
    for note in matters.notes:
        st.caption(markdown(note))
    masked_text(matters, [atlas.visible_tokens[id] for id in read.tokens.tolist()], atlas.manifest.causal)
    st.caption(
        f"Share of the activation, {matters.activation:.2f}, that is lost when a token is masked, for each mask "
        "baseline; the picked token is outlined."
    )
