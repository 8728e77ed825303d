"""Every feature as a point, near the features that are similar to it. The view is the URL."""

import numpy as np
import streamlit as st
from jaxtyping import Bool

from ne_core.arrays import AtlasError
from ne_core.atlas import Atlas
from ne_core.comparable_text import summary_words
from pages.components import find, frame, location, turns
from pages.components.comparable import caution
from pages.components.escape import markdown
from pages.components.features import feature_row, feature_rows
from pages.components.frame import open_page
from pages.components.map_controls import controls
from pages.components.map_location import View, read_view
from pages.components.map_points import Points, largest, points_of
from pages.components.nav import ensure_router
from pages.components.point_map import listen, point_map, seen, tell

ensure_router()
LISTED = 20


def lit_by(atlas: Atlas, view: View) -> Bool[np.ndarray, " n"] | None:
    """The features that the search finds; None without a search."""
    if not view.search.asked:
        return None
    lit = np.zeros(len(atlas.features["size"]), dtype=bool)
    lit[find.found_by(atlas, view.search).ids] = True
    return lit


@turns.fragment
def show_list(atlas: Atlas, points: Points, among: Bool[np.ndarray, " n"], what: str) -> None:
    """The map in words: the largest features of those in sight, or of all hits."""
    listen()
    box = seen() if what == "in sight" else None
    ids = largest(atlas.features["size"], among if box is None else among & points.within(box), LISTED)
    if not ids:
        st.caption("No feature is in sight here. Choose Whole map, or move it.")
        return
    st.subheader(f"Largest features {what}", anchor=False)
    rows = [feature_row(atlas, id, named=True) for id in ids]
    feature_rows(rows, of=atlas, name="map-list", label=f"Largest features {what}", shown=8)


def no_features() -> None:
    st.markdown(
        "**This atlas has no features, so there is nothing to place.** No neuron was activated above its threshold: "
        "build the atlas again from more text."
    )
    st.stop()


atlas = open_page("map")
at = location.read(atlas.called)
view = read_view(atlas, at)
query = view.query(atlas)
location.settle(at, query)
frame.remember("map", query)
st.title("Map", anchor=False)
at.show_problems()
if not len(atlas.features["size"]):
    no_features()
try:
    lit = lit_by(atlas, view)
except AtlasError as error:
    st.error(markdown(str(error)))
    st.stop()
points, drawn = points_of(atlas), find.passing(atlas, view.search.among)
controls(atlas, view, drawn, lit)
point_map(atlas, points, view, drawn, lit)
st.caption(
    "Each point is one feature. Similar features lie near each other; the axes mean nothing else. Point at one to read "
    "it, click to open it; drag to move, turn the wheel or pinch to come nearer. By keyboard: Tab to the map, arrows "
    "from point to point, Shift and arrows to move, + − 0 to magnify, Enter to open."
)
caution(atlas, atlas.manifest.default_space, summary_words)
show_list(atlas, points, drawn if lit is None else drawn & lit, "in sight" if lit is None else "found")
tell(atlas)
