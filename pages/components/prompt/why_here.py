"""One neuron at the picked token: what wrote its pre-activation, and which tokens its activation needs."""

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.live.answers import Matters, TextRead, Why
from ne_core.live.requests import WhatMatters, WhyHere
from ne_core.text.token_text import spelled, visible
from pages.components.base.escape import markdown
from pages.components.prompt import asking
from pages.components.prompt.answered import show_answer
from pages.components.prompt.masked_text import masked_text
from pages.components.url.links import atlas_query, neuron_href, page_href
from pages.components.url.prompt_view import View
from pages.components.widgets.chips import Chip, chips
from pages.components.widgets.parts_chart import EXPLANATION, MOST, part_name, parts_chart, with_rest


def show_why(atlas: Atlas, view: View, read: TextRead) -> None:
    """The section of the neuron `view.why` at `view.pos`."""
    ref, pos = view.why, view.pos
    token, name = visible(atlas.vocab[int(read.tokens[pos])]), ref_name(atlas.manifest, ref)
    st.subheader(markdown(f"Why {name} at “{token}”"), anchor=False)
    chips([Chip(f"Open {name}", neuron_href(atlas, ref)), Chip("Close", view.to(why=None).href(atlas))],
          name="why_links", label=f"From {name}")  # fmt: skip
    left, right = st.columns(2, gap="medium")
    with left:
        parts = asking.answer(atlas, WhyHere(view.text, pos, ref.layer, ref.neuron))
        show_answer(parts, lambda: show_parts(atlas, read, parts, f"{name} at “{token}”"))
    with right:
        matters = asking.answer(atlas, WhatMatters(view.text, pos, ref.layer, ref.neuron))
        show_answer(matters, lambda: show_importance(atlas, read, matters))


def show_parts(atlas: Atlas, read: TextRead, why: Why, what: str) -> None:
    st.markdown("**What wrote its pre-activation**")
    values, named = why.values.astype(np.float64), why.parts.part_list(why.layer)
    order = np.argsort(-np.abs(values[:-1]), kind="stable")
    largest = [(part_name(named[i]), float(values[i])) for i in order[:MOST]]
    rest = order[MOST:]
    rows = with_rest(largest, len(rest), float(values[rest].sum()), float(values[-1]))
    reads = [reading(atlas, read, why, named[i], int(i)) for i in order[:MOST]]
    parts_chart(f"What writes the pre-activation of {what}", [*rows, ("pre-activation", why.pre_activation)], reads,
                key="prompt_why")  # fmt: skip
    st.caption(f"In units of pre-activation; the parts sum to it exactly. {EXPLANATION}")


def reading(atlas: Atlas, read: TextRead, why: Why, part, i: int) -> dict | None:
    """The token that a head reads most from, where it is among the strongest."""
    heads = why.read_head.tolist()
    head = i - why.parts.first_head
    if part.kind != "head" or head not in heads:
        return None
    back = int(why.read_back[heads.index(head)])
    text = atlas.vocab[int(read.tokens[why.pos - back])]
    there = "itself" if back == 0 else f"{back:,} token{'s' * (back != 1)} before"
    query = atlas_query(atlas, {"q": spelled(text), "mode": "token"})
    return {"before": "reads ", "token": visible(text), "href": page_href("search", query), "after": f", {there}"}


def show_importance(atlas: Atlas, read: TextRead, matters: Matters) -> None:
    st.markdown("**Which tokens it needs**")
    for note in matters.notes:
        st.caption(markdown(note))
    masked_text(matters, [atlas.visible_tokens[id] for id in read.tokens.tolist()], atlas.manifest.causal)
    st.caption(
        f"Activation {matters.activation:.2f}. Token importance: the share that is lost when the token is masked, "
        "for each mask baseline; the key token is outlined."
    )
