"""What stands in an atlas's place while it is on its way: how far, how fast, how long; or why it failed, and a button.

A fragment asks every second how things stand, and starts the page over, its address as it was, once the atlas is here.
"""

import math

import streamlit as st

from ne_core.amounts import duration, millions
from ne_core.sharing.remote.fetcher import ASKING, ELSEWHERE, FAILED, FETCHING, WAITING, Fetcher, SourceStatus
from pages.components.base.escape import markdown
from pages.components.shell import atlas_sources
from pages.components.shell.nav import page_file

EVERY_S = 1
WORDS = {
    WAITING: "It is the next to be fetched.",
    ASKING: "Asking which version there is …",
    ELSEWHERE: "Another process on this machine is fetching it.",
}


def wait(asked: str | None) -> None:
    """The page ends here until there is an atlas."""
    with st.container(width=820):
        how_it_stands(asked)
    st.stop()


@st.fragment(run_every=EVERY_S)
def how_it_stands(asked: str | None) -> None:
    standings, fetcher = atlas_sources.awaited(asked), atlas_sources.fetcher()
    if not standings:
        st.rerun()
    failed = all(each.state == FAILED for each in standings)
    st.title("The atlas cannot be fetched" if failed else "The atlas is on its way", anchor=False)
    for each in standings:
        with st.container(border=True):
            st.markdown(f"**{markdown(each.name)}** from {markdown(each.source)}")
            (why if each.state == FAILED else how_far)(each)
    if any(each.name in fetcher.failed() for each in standings):
        try_again(fetcher)
    if not failed:
        st.caption("It is fetched once and then kept. This page opens by itself.")
    for name in atlas_sources.places():
        st.page_link(page_file("overview"), label=markdown(f"Open {name}, which is here"), query_params={"atlas": name})


def how_far(each: SourceStatus) -> None:
    share = each.done / each.whole if each.whole else 0.0
    st.progress(min(1.0, share), text=markdown(amounts(each) if each.state == FETCHING else WORDS[each.state]))
    if each.message:
        st.warning(markdown(each.message))


def amounts(each: SourceStatus) -> str:
    """“12.3 of 340 MB · 3.2 MB/s · 1 min 40 s left”."""
    if each.done >= each.whole:
        return f"{millions(each.whole)} MB are here: checking them …"
    parts = [f"{millions(each.done)} of {millions(each.whole)} MB"]
    if each.per_s:
        left = each.left_s
        parts += [f"{millions(each.per_s)} MB/s", f"{f'{left:.0f} s' if left < 60 else duration(left)} left"]
    return " · ".join(parts)


def why(each: SourceStatus) -> None:
    st.error(markdown(each.message), icon=":material/cloud_off:")
    st.caption("Whoever runs this explorer names its atlases in the environment variable `NE_ATLAS`.")


def try_again(fetcher: Fetcher) -> None:
    """For all visitors together at most once in a while, so that nobody can make this machine ask without end."""
    wait_s = math.ceil(fetcher.retry_in_s())
    label = f"Try again (in {wait_s} s)" if wait_s else "Try again"
    st.button(label, key="_again", icon=":material/refresh:", disabled=wait_s > 0, on_click=fetcher.try_again)
