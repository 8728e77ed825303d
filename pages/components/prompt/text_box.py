"""The text that is read, the share of the maximum that counts, and what to read on an empty page."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.live.requests import MOST_TOKENS
from ne_core.queries.example_text import central_place, example_text
from ne_core.text.token_text import visible
from pages.components.cached.per_atlas import per_atlas
from pages.components.cached.starts import starts
from pages.components.url import location
from pages.components.url.prompt_view import LONGEST, SHARES, View, example_href
from pages.components.widgets.chips import Chip, chips

TEXTS = 3  # to start with
SHOWN = 90  # characters of each


def text_box(atlas: Atlas, view: View) -> None:
    """One character more than a link holds goes into the address, so that what reads it says so."""
    st.session_state["_prompt_text"] = view.text
    with st.form("_prompt", border=False):
        st.text_area(
            "Text",
            key="_prompt_text",
            height=110,
            placeholder=f"Type or paste a text: the model reads its first {MOST_TOKENS} tokens.",
        )
        st.form_submit_button(
            "Read", type="primary", icon=":material/play_arrow:", on_click=submitted, args=(atlas, view)
        )


def submitted(atlas: Atlas, view: View) -> None:
    """A client that is no browser may say anything."""
    text = st.session_state.get("_prompt_text")
    text = text[: LONGEST + 1] if isinstance(text, str) else ""
    location.go(View(text=text, share=view.share, kind=view.kind).query(atlas))


def pick_share(atlas: Atlas, view: View) -> None:
    st.session_state["_prompt_share"] = view.share
    st.slider(
        "Share of the maximum, at least",
        SHARES[0],
        SHARES[-1],
        step=1,
        key="_prompt_share",
        format="%d %%",
        width=320,
        help="An activation is counted by its share of the largest that the neuron has in the atlas.",
        on_change=location.moved("_prompt_share", lambda share: view.to(share=int(share)).query(atlas)),
    )


def show_start(atlas: Atlas) -> None:
    """An empty page: what it does, and texts of the corpus to begin with."""
    unit = atlas.manifest.vocabulary.unit
    st.markdown(
        f"Type a text to see which of its tokens fire which **meaning** of which {unit}, why, and what the model would "
        "have predicted without it."
    )
    places = corpus_places(atlas)
    texts = [Chip(shortened(example_text(atlas, *each)[0]), example_href(atlas, *each)) for each in places]
    chips(texts, name="prompt_texts", label="Texts of the corpus to begin with")
    st.caption("What you type is in this page’s address and nowhere else: it is neither stored nor logged here.")


@per_atlas()
def corpus_places(atlas: Atlas) -> list[tuple[int, int]]:
    """Example and key token at the centre of neurons worth seeing, each example once."""
    refs = dict.fromkeys(ref for start in starts(atlas, TEXTS) for ref in start.neurons)
    return list(dict(central_place(atlas, atlas.feature_ids(ref)[0]) for ref in refs).items())[:TEXTS]


def shortened(text: str) -> str:
    text = visible(text[: 2 * SHOWN]).strip()
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
