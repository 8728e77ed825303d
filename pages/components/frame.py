"""What every page stands in: the atlas, opened once and read-only, and the sidebar."""

import os
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from ne_core.arrays import AtlasError
from ne_core.atlas import Atlas
from ne_core.wording import worded
from pages.components import location
from pages.components.escape import markdown
from pages.components.keeper import keeper
from pages.components.keys import keys
from pages.components.nav import PAGES, page_file, pages_of
from pages.components.settings import safe

HERE = Path(__file__).parent


def open_page(page: str) -> Atlas:
    """The atlas that the URL asks for. Where there is none the page says so and ends here."""
    st.html(HERE / "page.css")
    folder = Path(os.environ.get("NE_ATLASES", "data"))
    names = atlas_names(folder)
    if not names:
        sidebar(page, None, names)
        no_atlas(folder)
    asked = st.query_params.get("atlas")
    name = asked if asked in names else names[0]
    try:
        atlas = opened(str(folder / name), (folder / name / "manifest.json").stat().st_mtime_ns)
    except (AtlasError, OSError) as error:
        sidebar(page, None, names, name)
        st.error(markdown(str(error).replace("\n", " ")))
        st.stop()
    sidebar(page, atlas, names, name)
    if asked not in (None, name):
        st.error(markdown(f"atlas={asked[:40]}: the atlas here is {location.listed(names)}"))
    return atlas


def atlas_names(folder: Path) -> list[str]:
    """Sub-folders with a manifest. Names from a URL are looked up in this list and never made into a path."""
    names = (path.parent.name for path in folder.glob("*/manifest.json"))
    return sorted(name for name in names if name.isprintable())  # the others cannot be written into a link


@st.cache_resource(max_entries=4, show_spinner="Opening the atlas …")
def opened(root: str, stamp: int) -> Atlas:
    """One Atlas for all sessions; `stamp` opens it anew when its manifest was written anew."""
    return Atlas.open(root)


def no_atlas(folder: Path) -> None:
    st.title("No atlas yet")
    st.markdown("An atlas is a folder of features found in one model. To make the demo atlas and open it here:")
    st.code("make demo", language="bash")
    st.markdown(
        f"This explorer looks for atlases in the folder **{markdown(str(folder))}**; the environment variable "
        "`NE_ATLASES` names another one."
    )
    st.stop()


def sidebar(page: str, atlas: Atlas | None, names: list[str], name: str | None = None) -> None:
    with st.sidebar:
        st.html('<p class="ne-brand">Neuron embeddings<span>what single neurons mean</span></p>')
        pages = pages_of(atlas)
        for target in pages:
            title, icon = PAGES[target]
            title = worded(atlas.manifest, title) if atlas else title
            st.page_link(
                page_file(target), label=title, icon=icon, query_params=remembered(target, name), width="stretch"
            )
        if len(names) > 1:
            pick_atlas(names, name)
        if atlas:
            keeper(names, name)
            keys(atlas.manifest, {target: f"{target}?{urlencode(remembered(target, name))}" for target in pages})
            st.html(summary(atlas))
            if page in ("neuron", "search", "trail", "pair"):
                st.html(legend(atlas))


def pick_atlas(names: list[str], name: str) -> None:
    st.session_state["_atlas"] = name
    st.selectbox(
        "Atlas", names, key="_atlas", on_change=location.moved("_atlas", lambda picked: {"atlas": str(picked)})
    )


def remembered(page: str, name: str | None) -> dict[str, str]:
    """Where this session last was on a page of this atlas, so that coming back through the menu goes on there."""
    query = st.session_state.get("_last", {}).get(page, {})
    if name is None:
        return {}
    return query if query.get("atlas") == name else {"atlas": name}


def remember(page: str, query: dict[str, str]) -> None:
    st.session_state.setdefault("_last", {})[page] = query


def legend(atlas: Atlas) -> str:
    """How tokens are drawn; the last line is for models that read from left to right. Of images it is activation."""
    if atlas.manifest.images:
        return (HERE / "legend_images.html").read_text(encoding="utf-8")
    whole = (HERE / "legend.html").read_text(encoding="utf-8")
    return whole if atlas.manifest.causal else whole.split("<!-- causal -->")[0] + "</dl>"


def summary(atlas: Atlas) -> str:
    """One line on the model under the menu."""
    model = safe(atlas.manifest.raw["model"].get("name", "a model"))
    n_features, n_neurons = len(atlas.features["layer"]), len(atlas.neurons["layer"])
    layers = f"{len(atlas.layers)} layer{'s' * (len(atlas.layers) != 1)}"
    return (
        f'<p class="ne-atlas">Atlas <b>{safe(atlas.manifest.name)}</b><br>of the model {model}<br>'
        f"{layers} · {n_neurons:,} {atlas.manifest.units} · {n_features:,} features</p>"
    )
