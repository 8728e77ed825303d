"""Every feature as a point, near the features that are similar to it. The view is the URL."""

import numpy as np
import streamlit as st
from jaxtyping import Bool

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.queries.comparable_text import summary_words
from pages.components.base.escape import markdown
from pages.components.cached.comparable import caution
from pages.components.map.controls import controls
from pages.components.map.point_map import listen, point_map, seen, tell
from pages.components.map.points import Points, largest, points_of
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
LISTED = 20


def lit_by(atlas: Atlas, found: find.SearchResults) -> Bool[np.ndarray, " n"]:
    """The features that the search found."""
    lit = np.zeros(len(atlas.features["size"]), dtype=bool)
    lit[found.ids] = True
    return lit


@turns.fragment
def show_list(atlas: Atlas, points: Points, among: Bool[np.ndarray, " n"]) -> None:
    """The map in words: the largest features of those in sight."""
    listen()
    box = seen()
    ids = largest(atlas.features["size"], among if box is None else among & points.within(box), LISTED)
    if not ids:
        st.caption("No feature is in sight here. Choose Whole map, or move it.")
        return
    st.subheader("Largest features in sight", anchor=False)
    rows = [feature_row(atlas, id, named=True) for id in ids]
    feature_rows(rows, atlas=atlas, name="map-list", label="Largest features in sight", n_visible=8)


@turns.fragment
def show_found(atlas: Atlas, view: View, found: find.SearchResults) -> None:
    """The first hits, as the search page ranks and explains them."""
    listen()
    if not len(found):
        return
    st.subheader("Features found", anchor=False)
    rows = hit_rows(atlas, view.search, found, slice(0, min(LISTED, len(found))))
    feature_rows(rows, atlas=atlas, name="map-list", label="Features found", n_visible=8, narrow=True)


def no_features(atlas: Atlas) -> None:
    st.markdown(
        "**This atlas has no features, so there is nothing to place.** No "
        f"{atlas.manifest.vocabulary.unit} was activated above its threshold: build the atlas again from more text."
    )
    st.stop()


atlas = open_page("map")
at = location.read(atlas.slug)
view = View.read(at, atlas)
query = view.query(atlas)
location.settle(at, query)
tab(map_title(atlas, view), atlas.slug)
st.title("Map", anchor=False)
at.show_problems()
if not len(atlas.features["size"]):
    no_features(atlas)
try:
    found = find.run_search(atlas, view.search) if view.search.has_query else None
except AtlasError as error:
    st.error(markdown(str(error)))
    st.stop()
lit = lit_by(atlas, found) if found is not None else None
points, drawn = points_of(atlas), find.passing(atlas, view.search.among)
controls(atlas, view, drawn, lit)
point_map(atlas, points, view, drawn, lit)
st.caption(
    "Each point is one feature. Similar features lie near each other; the axes mean nothing else. Point at one to read "
    "it, click to open it; drag to move, turn the wheel or pinch to come nearer. By keyboard: Tab to the map, arrows "
    "from point to point, Shift and arrows to move, + − 0 to magnify, Enter to open."
)
caution(atlas, atlas.manifest.default_space, summary_words)
if found is None:
    show_list(atlas, points, drawn)
else:
    show_found(atlas, view, found)
tell(atlas, view.search, found)
