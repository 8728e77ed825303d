"""Former addresses of pages, which shared links still contain: each leads to the page's new address."""

from collections.abc import Callable

import streamlit as st

from pages.components.base.assets import component
from pages.components.base.escape import markdown
from pages.components.url.links import page_href
from pages.components.url.tab import tab

RENAMED = {"board": "ranking", "trail": "across_layers", "pair": "side_by_side", "compare": "spaces"}
REDIRECT = component(__file__, "old_addresses", html="<span hidden></span>")


def pages(titles: dict[str, str]) -> list:
    """Build one hidden page per old address; `titles` are the titles of the new pages."""
    return [st.Page(redirect(new, titles[new]), title=titles[new], url_path=old) for old, new in RENAMED.items()]


def redirect(page: str, title: str) -> Callable[[], None]:
    def show() -> None:
        tab(title)
        href = page_href(page, st.query_params.to_dict())
        st.markdown(markdown(f"This page has a new address: {title}."))
        st.link_button(f"Open {title}", f"./{href}")
        REDIRECT(data={"href": href}, key="redirect")

    return show
