"""Page “Prompt”: a text read by the model, the features that fire at each token, why, and what changes without them."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.live.answers import Refused, TextRead
from ne_core.live.requests import OpenModel, ReadText
from ne_core.numbers import fixed
from ne_core.text.token_text import visible
from pages.components.base.escape import markdown
from pages.components.prompt import requesting
from pages.components.prompt.export_prompt import prompt_menu
from pages.components.prompt.firings import filters, show_firings
from pages.components.prompt.next_tokens import next_tokens, percent
from pages.components.prompt.picked import picked
from pages.components.prompt.strip import expected, strip
from pages.components.prompt.taken_out import show_taken_out
from pages.components.prompt.text_box import pick_share, show_start, text_box
from pages.components.prompt.why_here import show_why
from pages.components.shell.frame import open_page
from pages.components.shell.nav import ensure_router, page_file
from pages.components.url import location
from pages.components.url.links import atlas_query
from pages.components.url.prompt_view import View
from pages.components.url.tab import tab

ensure_router()


def no_prompts(atlas: Atlas) -> None:
    st.info(
        "This atlas is of a model that reads images: it has no prompts. Draw a digit in the SAE lab to see what fires.",
        icon=":material/draw:",
    )
    st.page_link(page_file("sae_lab"), label="Open the SAE lab", query_params=atlas_query(atlas))
    st.stop()


def start(atlas: Atlas) -> None:
    """Show the page without a text, and start loading the model."""
    show_start(atlas)
    answer = requesting.answer(atlas, OpenModel())
    if isinstance(answer, Refused):
        st.info(markdown(answer.message), icon=":material/power_off:")
    elif answer is not None:
        for note in answer.notes:
            st.caption(markdown(note))


def show_read(atlas: Atlas, view: View, read: TextRead) -> None:
    for note in read.notes:
        st.caption(markdown(note))
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        pick_share(atlas, view)
        with st.container(width="content"):
            prompt_menu(atlas, view, read)
    strip(atlas, view, read)
    firing, expectation = st.columns([2.4, 1], gap="medium")
    with firing:
        st.subheader(markdown(picked_title(atlas, view, read)), anchor=False)
        filters(atlas, view)
        show_firings(atlas, view, read, picked(atlas, view, read))
    with expectation:
        show_expectation(atlas, view, read)
    if view.why is not None and view.pos is not None:
        show_why(atlas, view, read)
    if view.removed:
        show_taken_out(atlas, view, read)


def picked_title(atlas: Atlas, view: View, read: TextRead) -> str:
    if view.pos is None:
        return "Strongest in the whole text"
    return f"Token {view.pos}: “{visible(atlas.vocab[int(read.tokens[view.pos])])}”"


def show_expectation(atlas: Atlas, view: View, read: TextRead) -> None:
    """Show the probability of the picked token, and the tokens expected after it, or after the whole text."""
    pos = len(read.tokens) - 1 if view.pos is None else view.pos
    token = visible(atlas.vocab[int(read.tokens[pos])])
    st.markdown(f"**What the model expects after “{markdown(token)}”**")
    next_tokens(atlas, read, pos)
    share = expected(read)[pos]
    if share is not None:
        log, number = fixed(float(read.log_probability[pos])), percent(share).replace(" ", "\N{NO-BREAK SPACE}")
        st.caption(markdown(f"Probability of “{token}” itself before it was read: {number}, log-probability {log}."))


atlas = open_page("prompt")
request = location.read(atlas.slug)
view = View.read(request, atlas).with_text(atlas)
location.settle(request, view.query(atlas))
tab(f"Prompt: {view.text}" if view.text else "Prompt", atlas.slug)
st.title("Prompt", anchor=False)
request.show_problems()
if atlas.manifest.images:
    no_prompts(atlas)
requesting.begin()
text_box(atlas, view)
if not view.text:
    start(atlas)
elif (read := requesting.answer(atlas, ReadText(view.text, view.share / 100))) is not None:
    if isinstance(read, Refused):
        st.error(markdown(read.message), icon=":material/power_off:")
    else:
        show_read(atlas, view.within(len(read.tokens)), read)
requesting.wait()
