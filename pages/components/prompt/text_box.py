"""Controls of the page: the text and the share of the maximum; and suggested texts for an empty page."""

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

TEXTS = 3  # suggested texts
SHOWN = 90  # characters of a suggested text


def text_box(atlas: Atlas, view: View) -> None:
    """Draw the box. A text that is too long gets one character more than the limit, so that the page reports it."""
    st.session_state["_prompt_text"] = view.text
    with st.form("_prompt", border=False):
        st.text_area(
            "Text",
            key="_prompt_text",
            height=110,
            placeholder=f"Type or paste a text: the model reads its first {MOST_TOKENS} tokens.",
        )
        st.form_submit_button(
            "Read",
            key="_prompt_read",
            type="primary",
            icon=":material/play_arrow:",
            on_click=submitted,
            args=(atlas, view),
        )


def submitted(atlas: Atlas, view: View) -> None:
    """Move to the view of the typed text. A client that is not a browser may send anything."""
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
        help="A neuron fires at a token if its activation reaches this share of its maximum in the atlas.",
        on_change=location.moved("_prompt_share", lambda share: view.to(share=int(share)).query(atlas)),
    )


def show_start(atlas: Atlas) -> None:
    """Show what the page does, and suggest texts of the corpus."""
    units = atlas.manifest.vocabulary.units
    st.markdown(
        f"Type a text to see which **meanings** (features) of which {units} fire at each token, why, and how the "
        "model’s predictions change without them."
    )
    places = corpus_places(atlas)
    texts = [Chip(shortened(example_text(atlas, *each)[0]), example_href(atlas, *each)) for each in places]
    chips(texts, name="prompt_texts", label="Texts of the corpus to try")
    st.caption("The text is part of this page’s address; it is not stored or logged on the server.")


@per_atlas()
def corpus_places(atlas: Atlas) -> list[tuple[int, int]]:
    """Central examples of suggested neurons, and their key tokens; each example once."""
    refs = dict.fromkeys(ref for start in starts(atlas, TEXTS) for ref in start.neurons)
    return list(dict(central_place(atlas, atlas.feature_ids(ref)[0]) for ref in refs).items())[:TEXTS]


def shortened(text: str) -> str:
    text = visible(text[: 2 * SHOWN]).strip()
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
