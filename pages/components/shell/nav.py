"""The list of pages, in the order of the menu, and the guard that runs every page through app.py.

A folder named pages/ beside app.py makes Streamlit run a page's file by itself until st.navigation has run once in
the process, so the first visitor of a deep link would get a page without its frame. `ensure_router()`, the first line
of every page, prevents that.
"""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from pages.components.base.escape import markdown
from pages.components.serving import freeze_gc, session_limit, turns
from pages.components.serving.streamlit_patches import fragments_of_this_view, patch_streamlit
from pages.components.shell import atlas_sources, old_addresses
from pages.components.url.tab import tab

# Name in the URL and of the file: title, icon.
PAGES = {
    "overview": ("Overview", ":material/dashboard:"),
    "neuron": ("Neuron", ":material/account_tree:"),
    "prompt": ("Prompt", ":material/edit_note:"),
    "ranking": ("Ranking", ":material/table_rows:"),
    "search": ("Search", ":material/search:"),
    "map": ("Map", ":material/scatter_plot:"),
    "across_layers": ("Across layers", ":material/route:"),
    "side_by_side": ("Side by side", ":material/compare_arrows:"),
    "spaces": ("Spaces", ":material/view_column_2:"),
    "game": ("Game", ":material/extension:"),
    "sae_lab": ("SAE lab", ":material/science:"),
    "about": ("About", ":material/info:"),
}


def pages_of(atlas: Atlas | None) -> list[str]:
    """Pages of the menu. Layers of an atlas of images are alternatives, so it has no page Across layers."""
    return [page for page in PAGES if page != "across_layers" or atlas is None or not atlas.manifest.images]


def page_title(page: str, atlas: Atlas | None) -> str:
    """Title of a page in the menu and the tab; “Neuron” becomes “Latent” for an atlas of latents."""
    return atlas.manifest.vocabulary.Unit if page == "neuron" and atlas else PAGES[page][0]


def page_file(page: str) -> str:
    return f"pages/{page}.py"


def build():
    """Build the navigation, hidden because the frame draws a menu whose links carry the atlas and the last view.

    No icons here: Streamlit would use a page's icon for the browser tab and fetch it from the internet.
    """
    pages = [st.Page(page_file(page), title=title, url_path=page) for page, (title, _) in PAGES.items()]
    # The root is a separate page: Streamlit would report /overview as “not found” if that page were the default.
    root = st.Page(page_file("overview"), title=PAGES["overview"][0], url_path="root", default=True)
    former = old_addresses.pages({page: title for page, (title, _) in PAGES.items()})
    return st.navigation([root, *pages, *former], position="hidden")


def run() -> None:
    """Draw a view when the session is admitted and its turn has come."""
    patch_streamlit()
    page = build()
    try:
        if session_limit.admitted():
            with fragments_of_this_view(), turns.turn():
                show(page)
        else:
            tab("Full")
            session_limit.full()
    except AtlasError as error:  # a file found broken after the atlas was opened
        st.error(markdown(atlas_sources.public_message(error)))


def show(page) -> None:
    st.session_state["_in_router"] = True
    try:
        page.run()
    finally:
        st.session_state["_in_router"] = False
        freeze_gc.freeze()


def ensure_router() -> None:
    """Rerun through app.py when Streamlit has run the page's file directly."""
    if not st.session_state.get("_in_router"):
        build()  # ends the direct mode for this process
        st.rerun()
