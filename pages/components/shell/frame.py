"""The frame of every page: the atlas, opened once and read-only, and the sidebar."""

from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from pages.components.base.escape import markdown
from pages.components.shell import atlas_sources, fetching
from pages.components.shell.bookmarks import show_bookmarks
from pages.components.shell.keys import keys
from pages.components.shell.nav import PAGES, page_file, page_title, pages_of
from pages.components.shell.settings import safe
from pages.components.url import address, location
from pages.components.url.last_views import remembered
from pages.components.url.tab import tab

HERE = Path(__file__).parent


def open_page(page: str) -> Atlas:
    """Open the atlas that the URL names and draw the sidebar; without an atlas, show a message and end the page."""
    st.html(HERE / "page.css")
    address.announce_page(page, list(PAGES))
    tab(PAGES[page][0])
    folders, requested = atlas_sources.atlas_folders(), st.query_params.get("atlas")
    names = list(folders)
    if atlas_sources.pending_sources(requested):
        sidebar(page, None, names, requested)
        fetching.wait(requested)
    if not names:
        sidebar(page, None, names)
        no_atlas(atlas_sources.folder())
    name = requested if requested in names else names[0]
    try:
        atlas = load_atlas(str(folders[name]), (folders[name] / "manifest.json").stat().st_mtime_ns, name)
    except (AtlasError, OSError) as error:
        sidebar(page, None, names, name)
        st.error(markdown(atlas_sources.public_message(error)))
        st.stop()
    tab(page_title(page, atlas), name)
    sidebar(page, atlas, names, name)
    if requested not in (None, name):
        st.error(markdown(f"atlas={requested[:40]}: not available here; choose {location.listed(names)}"))
    return atlas


@st.cache_resource(max_entries=4, show_spinner="Opening the atlas …")
def load_atlas(root: str, stamp: int, name: str) -> Atlas:
    """Open an atlas once for all sessions; a new `stamp`, the time of its manifest, opens it again."""
    return Atlas.open(root, name)


def no_atlas(folder: Path) -> None:
    st.title("No atlas yet")
    st.markdown("An atlas is a folder with the features of one model. To build the demo atlas and open it here:")
    st.code("make demo", language="bash")
    st.markdown(
        f"This explorer looks for atlases in the folder **{markdown(str(folder))}**. Set the environment variable "
        "`NE_ATLASES` to use another folder."
    )
    st.stop()


def sidebar(page: str, atlas: Atlas | None, names: list[str], name: str | None = None) -> None:
    with st.sidebar:
        st.html('<p class="ne-brand">Neuron embeddings<span>what single neurons mean</span></p>')
        pages = pages_of(atlas)
        for target in pages:
            title, icon, query = page_title(target, atlas), PAGES[target][1], remembered(target, name)
            st.page_link(page_file(target), label=title, icon=icon, query_params=query, width="stretch")
        if name in names and len(names) > 1:
            pick_atlas(names, name)
        if atlas:
            show_bookmarks(names, name)
            keys(atlas.manifest, {target: f"{target}?{urlencode(remembered(target, name))}" for target in pages})
            st.html(summary(atlas))
            source_note(atlas)
            if page in ("neuron", "search", "across_layers", "side_by_side"):
                st.html(legend(atlas))


def pick_atlas(names: list[str], name: str) -> None:
    st.session_state["_atlas"] = name
    st.selectbox(
        "Atlas", names, key="_atlas", on_change=location.moved("_atlas", lambda picked: {"atlas": str(picked)})
    )


def source_note(atlas: Atlas) -> None:
    """Show a note where the source may have a newer version of the atlas."""
    source = atlas_sources.origin(atlas)
    if source and source.note:
        st.caption(markdown(source.note))


def legend(atlas: Atlas) -> str:
    """Legend of drawn tokens, or of images; its last entry is for causal models only."""
    if atlas.manifest.images:
        return (HERE / "legend_images.html").read_text(encoding="utf-8")
    template = (HERE / "legend.html").read_text(encoding="utf-8").replace("{unit}", atlas.manifest.vocabulary.unit)
    return template if atlas.manifest.causal else template.split("<!-- causal -->")[0] + "</dl>"


def summary(atlas: Atlas) -> str:
    """Lines about the model, shown under the menu."""
    model = safe("a model" if atlas.manifest.model.name is None else atlas.manifest.model.name)
    n_features, n_neurons = len(atlas.features["layer"]), len(atlas.neurons["layer"])
    layers = f"{len(atlas.layers)} layer{'s' * (len(atlas.layers) != 1)}"
    return (
        f'<p class="ne-atlas">Atlas <b>{safe(atlas.manifest.name)}</b><br>of the model {model}<br>'
        f"{layers} · {n_neurons:,} {atlas.manifest.units} · {n_features:,} features</p>"
    )
