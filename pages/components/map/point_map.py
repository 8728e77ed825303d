"""The map component, and its channels: two send the points and the regions' names, two receive requests.

The points are sent separately, so that Streamlit, which does not resend a large message, sends them once; details of a
hovered feature are sent by a separate fragment, so that nothing else is redrawn.
"""

import base64
from urllib.parse import urlencode

import numpy as np
import streamlit as st
from jaxtyping import Bool

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_name, ref_name
from ne_core.export.provenance import file_name
from pages.components.base.assets import component, drawn_key
from pages.components.map.colours import legend
from pages.components.map.points import Box, Points
from pages.components.map.regions import region_names
from pages.components.matching.find import SearchResults
from pages.components.matching.why_matched import highlighted, matches
from pages.components.serving import turns
from pages.components.text.labels import label
from pages.components.url import links
from pages.components.url.map_view import FURTHEST, View
from pages.components.url.search_view import View as Search
from pages.components.widgets.token_lines.example_lines import trim
from pages.components.widgets.token_lines.lines import central_line, lines

CHANNEL = component(__file__, "map_channel", html="<span></span>", parts=("map_data", "map_grid"), plain=True)
AROUND = (8, 4)  # tokens of an example shown before and after the key token
FAR = 1e6  # limit of the coordinates of a visible box, in sides of the map
MAP = component(
    __file__,
    "point_map",
    html='<div id="stage"><canvas tabindex="0" role="application" aria-roledescription="map"></canvas>'
    '<div id="names" aria-hidden="true"></div>'
    '<a id="current" tabindex="-1" draggable="false" hidden></a><span id="ring" hidden></span>'
    '<div id="buttons"><button type="button" id="nearer" aria-label="Zoom in">+</button>'
    '<button type="button" id="further" aria-label="Zoom out">−</button>'
    '<button type="button" id="whole">Whole map</button>'
    '<button type="button" id="save" aria-label="Save the visible map as PNG">PNG</button></div></div>'
    '<p id="no-webgl" hidden></p><div id="legend"></div><div id="tip" role="tooltip"></div>'
    '<div id="live" class="hidden" role="status" aria-live="polite"></div>',
    parts=("map_data", "map_grid", "map_gl", "map_view", "map_keys", "map_words", "map_regions", "map_save"),
)


def point_map(
    atlas: Atlas, points: Points, view: View, drawn: Bool[np.ndarray, " n"], lit: Bool[np.ndarray, " n"] | None
) -> None:
    """Show the features `drawn`; if a search is active, the `lit` ones in colour and the others grey."""
    CHANNEL(data=points.payload, key=f"points-{points.key}")
    CHANNEL(data={"regions": region_names(atlas), "key": points.key}, key=f"regions-{points.key}")
    colours = legend(atlas, view.colour)
    ring = None if view.show is None else feature_details(atlas, atlas.feature_id(view.show))
    data = {
        "points": points.key,
        "search": search_key(atlas, view.search),
        "address": f"neuron?{urlencode(links.atlas_query(atlas))}",
        "layers": [[layer, atlas.n_neurons(layer)] for layer in atlas.layers],
        "names": names(atlas),
        "colour": view.colour,
        "legend": {
            "title": colours.title,
            "names": colours.names,
            "colours": [each.css for each in colours.colours],
        },
        "drawn": None if drawn.all() else packed(drawn),
        "lit": None if lit is None else packed(lit & drawn),
        "ring": ring,
        "place": view.place,
        "furthest": FURTHEST,
        "causal": atlas.manifest.causal,
        "file": file_name(atlas, "map", "png"),
    }
    MAP(data={"key": drawn_key(data), **data}, key="map")


def names(atlas: Atlas) -> dict[int, str] | None:
    """Layer names by number; None if the layers have no names."""
    named = atlas.manifest.layer_names is not None
    return {layer: layer_name(atlas.manifest, layer) for layer in atlas.layers} if named else None


def packed(flags: Bool[np.ndarray, " n"]) -> str:
    """Encode a bit for each feature, the lowest bit of a byte first, in base64."""
    return base64.b64encode(np.packbits(flags, bitorder="little")).decode()


def search_key(atlas: Atlas, search: Search) -> str:
    """Key of a search, to distinguish the details of a point under different searches."""
    return urlencode(search.query(atlas))


@turns.fragment
def answer_hover(atlas: Atlas, search: Search, results: SearchResults | None) -> None:
    """Send the details of the feature that the browser requests: its name and an example (for a hit, the match)."""
    id = state_of("map-details").get("request")
    valid = type(id) is int and 0 <= id < len(atlas.features["size"])
    details = feature_details(atlas, id, search, results) | {"search": search_key(atlas, search)} if valid else None
    CHANNEL(data={"role": "details", "details": details}, key="map-details", on_request_change=ignore)


def feature_details(atlas: Atlas, id: int, search: Search | None = None, results: SearchResults | None = None) -> dict:
    line, maximum = central_line(atlas, id, *AROUND)
    ref, size = atlas.feature_ref(id), int(atlas.features["size"][id])
    meta, name = f"{size} example{'s' * (size != 1)}", label(atlas, id)
    details = {"id": id, "name": ref_name(atlas.manifest, ref), "meta": meta, "line": line, "maximum": maximum}
    hit = np.flatnonzero(results.ids == id) if results is not None else ()
    why = matched(atlas, id, search, results, int(hit[0])) if len(hit) else {"why": None}
    return {**details, "text": str(name), **name.data(), **why}


def matched(atlas: Atlas, id: int, search: Search, results: SearchResults, rank: int) -> dict:
    """Reason for the match of a search result, and the part of the example that shows it."""
    match = matches(atlas, search, results, slice(rank, rank + 1))[0]
    line = lines(atlas, atlas.neuron(atlas.feature_ref(id).of), [match.row])[0]
    line["h"] = highlighted(atlas, search, line)
    first, last = (end(line["h"], default=line["k"]) for end in (min, max))
    trim(line, max(AROUND[0], line["k"] - first), max(AROUND[1], last - line["k"]))
    return {"why": match.why, "line": line}


def visible_box() -> Box | None:
    """Visible part of the map as last reported by the browser; None before the first report, or if it is invalid."""
    box = state_of("map-view").get("request")
    numbers = isinstance(box, list) and len(box) == 4 and all(type(each) in (int, float) for each in box)
    return tuple(box) if numbers and all(abs(each) <= FAR for each in box) else None  # rejects NaN as well


def watch_visible_box() -> None:
    """Receive the visible part of the map; the fragment that calls this is rerun whenever it changes."""
    CHANNEL(data={"role": "view"}, key="map-view", on_request_change=ignore)


def state_of(key: str) -> dict:
    state = st.session_state.get(key)
    return dict(state) if state else {}


def ignore() -> None:
    """Do nothing: Streamlit stores a component's value only if it has a callback."""
