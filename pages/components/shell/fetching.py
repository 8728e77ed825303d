"""The page shown while an atlas is being fetched: progress, speed, time left; or the error, and a button.

A fragment checks every second, and reruns the page with its address unchanged once the atlas is available.
"""

import math

import streamlit as st

from ne_core.amounts import duration, millions
from ne_core.sharing.remote.fetcher import CHECKING, ELSEWHERE, FAILED, FETCHING, WAITING, Fetcher, SourceStatus
from pages.components.base.escape import markdown
from pages.components.shell import atlas_sources
from pages.components.shell.nav import page_file

CHECK_EVERY_S = 1
STATE_TEXTS = {
    WAITING: "Next in the queue.",
    CHECKING: "Checking for the current version …",
    ELSEWHERE: "Another process on this machine is fetching it.",
}


def wait(requested: str | None) -> None:
    """Show the progress and end the page until an atlas is available."""
    with st.container(width=820):
        show_progress(requested)
    st.stop()


@st.fragment(run_every=CHECK_EVERY_S)
def show_progress(requested: str | None) -> None:
    standings, fetcher = atlas_sources.pending_sources(requested), atlas_sources.fetcher()
    if not standings:
        st.rerun()
    failed = all(each.state == FAILED for each in standings)
    st.title("The atlas could not be fetched" if failed else "The atlas is being fetched", anchor=False)
    for each in standings:
        with st.container(border=True):
            st.markdown(f"**{markdown(each.name)}** from {markdown(each.source)}")
            (show_error if each.state == FAILED else show_bar)(each)
    if any(each.name in fetcher.failed() for each in standings):
        retry_button(fetcher)
    if not failed:
        st.caption("An atlas is fetched once and then stored. This page opens automatically when it is complete.")
    for name in atlas_sources.atlas_folders():
        st.page_link(page_file("overview"), label=markdown(f"Open {name}"), query_params={"atlas": name})


def show_bar(standing: SourceStatus) -> None:
    share = standing.done / standing.whole if standing.whole else 0.0
    text = amounts(standing) if standing.state == FETCHING else STATE_TEXTS[standing.state]
    st.progress(min(1.0, share), text=markdown(text))
    if standing.message:
        st.warning(markdown(standing.message))


def amounts(standing: SourceStatus) -> str:
    """“12.3 of 340 MB · 3.2 MB/s · 1 min 40 s left”."""
    if standing.done >= standing.whole:
        return f"{millions(standing.whole)} MB fetched: verifying …"
    parts = [f"{millions(standing.done)} of {millions(standing.whole)} MB"]
    if standing.per_s:
        left = standing.left_s
        parts += [f"{millions(standing.per_s)} MB/s", f"{f'{left:.0f} s' if left < 60 else duration(left)} left"]
    return " · ".join(parts)


def show_error(standing: SourceStatus) -> None:
    st.error(markdown(standing.message), icon=":material/cloud_off:")
    st.caption("The operator of this explorer sets its atlases in the environment variable `NE_ATLAS`.")


def retry_button(fetcher: Fetcher) -> None:
    """Button shared by all visitors and limited in rate, so that nobody can flood the source with requests."""
    wait_s = math.ceil(fetcher.retry_in_s())
    label = f"Try again (in {wait_s} s)" if wait_s else "Try again"
    st.button(label, key="_again", icon=":material/refresh:", disabled=wait_s > 0, on_click=fetcher.try_again)
