"""Which pages there are, in what order; and the guard that keeps every page under app.py.

A folder named pages/ beside app.py makes Streamlit run a page's file by itself until st.navigation has run once in
the process, so the first visitor of a deep link would get a page without its frame. Hence `ensure_router()`, the
first line of every page.
"""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from pages.components.base.escape import markdown
from pages.components.serving import freeze_gc, session_limit, turns
from pages.components.serving.streamlit_patches import fragments_of_this_view, patch_streamlit
from pages.components.shell import atlas_sources, old_addresses
from pages.components.url.tab import tab

# Name in the URL (which must be the file's stem): title, icon.
PAGES = {
    "overview": ("Overview", ":material/dashboard:"),
    "neuron": ("Neuron", ":material/account_tree:"),
    "ranking": ("Ranking", ":material/table_rows:"),
    "search": ("Search", ":material/search:"),
    "map": ("Map", ":material/scatter_plot:"),
    "across_layers": ("Across layers", ":material/route:"),
    "side_by_side": ("Side by side", ":material/compare_arrows:"),
    "spaces": ("Spaces", ":material/view_column_2:"),
    "sae_lab": ("SAE lab", ":material/science:"),
    "about": ("About", ":material/info:"),
}


def pages_of(atlas: Atlas | None) -> list[str]:
    """The pages that the menu offers. Layers that read the same images are alternatives: no trail leads over them."""
    return [page for page in PAGES if page != "across_layers" or atlas is None or not atlas.manifest.images]


def page_title(page: str, atlas: Atlas | None) -> str:
    """The title of a page in the menu and the tab; the page of a neuron has the atlas's own word for one."""
    return atlas.manifest.vocabulary.Unit if page == "neuron" and atlas else PAGES[page][0]


def page_file(page: str) -> str:
    return f"pages/{page}.py"


def build():
    """The menu is drawn by the frame, whose links keep their place in the atlas; so this one is hidden.

    Without icons: a page's icon becomes the browser tab's, and is fetched from the internet for that.
    """
    pages = [st.Page(page_file(page), title=title, url_path=page) for page, (title, _) in PAGES.items()]
    # The root is a page of its own: Streamlit would call /overview “not found” if that page were the default.
    root = st.Page(page_file("overview"), title=PAGES["overview"][0], url_path="root", default=True)
    former = old_addresses.pages({page: title for page, (title, _) in PAGES.items()})
    return st.navigation([root, *pages, *former], position="hidden")


def run() -> None:
    """A view, for whom there is room, when it is their turn."""
    patch_streamlit()
    page = build()
    try:
        if session_limit.admitted():
            with fragments_of_this_view(), turns.turn():
                show(page)
        else:
            tab("Full")
            session_limit.full()
    except AtlasError as error:  # found broken while it was read, after it had been opened
        st.error(markdown(atlas_sources.told(error)))


def show(page) -> None:
    st.session_state["_in_router"] = True
    try:
        page.run()
    finally:
        st.session_state["_in_router"] = False
        freeze_gc.keep()


def ensure_router() -> None:
    """Start over through app.py when Streamlit has run the page's file by itself."""
    if not st.session_state.get("_in_router"):
        build()  # switches the by-itself mode off for this process
        st.rerun()
