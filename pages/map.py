"""Page “Map”: every feature as a point, close to similar features. The URL holds the view."""

import numpy as np
import streamlit as st
from jaxtyping import Bool

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.queries.comparable_text import summary_words
from pages.components.base.escape import markdown
from pages.components.cached.comparable import caution
from pages.components.map.controls import controls
from pages.components.map.point_map import answer_hover, point_map, visible_box, watch_visible_box
from pages.components.map.points import Points, largest, points_of
from pages.components.map.search_message import is_firing
from pages.components.matching import find
from pages.components.search.hits import hit_rows
from pages.components.serving import turns
from pages.components.shell.frame import open_page
from pages.components.shell.nav import ensure_router
from pages.components.url import location
from pages.components.url.map_view import View
from pages.components.url.tab import tab
from pages.components.url.titles import map_title
from pages.components.widgets.features import feature_row, feature_rows

ensure_router()
LISTED = 20  # features below the map
FIRING = (
    " Exact token highlights the features that fire on the token: it is the key token of one of their examples. Words "
    "also highlights features whose examples only mention it."
)


def lit_by(atlas: Atlas, results: find.SearchResults) -> Bool[np.ndarray, " n"]:
    """Mask of the features that the search found."""
    lit = np.zeros(len(atlas.features["size"]), dtype=bool)
    lit[results.ids] = True
    return lit


def mentioning(atlas: Atlas, view: View, results: find.SearchResults | None) -> int | None:
    """Number of features whose examples mention a text that no feature fires on; None for other searches."""
    if results is None or len(results) or not is_firing(view.search):
        return None
    return len(find.mentions(atlas, view.search))


@turns.fragment
def show_list(atlas: Atlas, points: Points, among: Bool[np.ndarray, " n"]) -> None:
    """List the largest features in the visible part of the map."""
    watch_visible_box()
    box = visible_box()
    ids = largest(atlas.features["size"], among if box is None else among & points.within(box), LISTED)
    if not ids:
        st.caption("No features are visible here. Choose Whole map, or pan or zoom out.")
        return
    st.subheader("Largest visible features", anchor=False)
    rows = [feature_row(atlas, id, named=True) for id in ids]
    feature_rows(rows, atlas=atlas, name="map-list", label="Largest visible features", n_visible=8)


@turns.fragment
def show_results(atlas: Atlas, view: View, results: find.SearchResults) -> None:
    """List the first results, ranked and explained as on the search page."""
    watch_visible_box()
    if not len(results):
        return
    st.subheader("Features found", anchor=False)
    rows = hit_rows(atlas, view.search, results, slice(0, min(LISTED, len(results))))
    feature_rows(rows, atlas=atlas, name="map-list", label="Features found", n_visible=8, narrow=True)


def no_features(atlas: Atlas) -> None:
    st.markdown(
        "**This atlas has no features, so the map is empty.** No "
        f"{atlas.manifest.vocabulary.unit} was activated above its threshold: build the atlas again from more text."
    )
    st.stop()


atlas = open_page("map")
request = location.read(atlas.slug)
view = View.read(request, atlas)
query = view.query(atlas)
location.settle(request, query)
tab(map_title(atlas, view), atlas.slug)
st.title("Map", anchor=False)
request.show_problems()
if not len(atlas.features["size"]):
    no_features(atlas)
try:
    results = find.run_search(atlas, view.search) if view.search.has_query else None
    n_mentions = mentioning(atlas, view, results)
except AtlasError as error:
    st.error(markdown(str(error)))
    st.stop()
lit = lit_by(atlas, results) if results is not None else None
points, drawn = points_of(atlas), find.passing(atlas, view.search.among)
controls(atlas, view, drawn, lit, n_mentions)
point_map(atlas, points, view, drawn, lit)
st.caption(
    "Each point is one feature. Similar features are close together; the axes have no other meaning. Words on the map "
    f"name regions: the {atlas.manifest.vocabulary.key_token} that tells one from the rest of the map. Hover over a "
    "point to read it, click to open it; drag to pan, use the wheel or pinch to zoom. Keyboard: Tab to the map, arrow "
    "keys to go from point to point, Shift and arrow keys to pan, + − 0 to zoom, Enter to open."
    + ("" if atlas.manifest.images else FIRING)
)
caution(atlas, atlas.manifest.default_space, summary_words)
if results is None:
    show_list(atlas, points, drawn)
else:
    show_results(atlas, view, results)
answer_hover(atlas, view.search, results)
