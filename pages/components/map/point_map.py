"""The map as it is drawn in the browser, and the channels beside it: the points' bytes, and what the browser asks.

The points go by themselves, so that Streamlit, which sends no large message twice, sends them once; the name of a
hovered feature goes through a fragment of its own, so that nothing else is drawn anew.
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
AROUND = (8, 4)  # tokens before and after the key token that are shown of an example
FAR = 1e6  # sides of the map: nobody looks further away from it
MAP = component(
    __file__,
    "point_map",
    html='<div id="stage"><canvas tabindex="0" role="application" aria-roledescription="map"></canvas>'
    '<a id="here" tabindex="-1" draggable="false" hidden></a><span id="shown" hidden></span>'
    '<div id="buttons"><button type="button" id="nearer" aria-label="Nearer">+</button>'
    '<button type="button" id="further" aria-label="Further">−</button>'
    '<button type="button" id="whole">Whole map</button>'
    '<button type="button" id="save" aria-label="Save what is seen as PNG">PNG</button></div></div>'
    '<p id="without" hidden></p><div id="legend"></div><div id="tip" role="tooltip"></div>'
    '<div id="live" class="hidden" role="status" aria-live="polite"></div>',
    parts=("map_data", "map_grid", "map_gl", "map_view", "map_keys", "map_words", "map_save"),
)


def point_map(
    atlas: Atlas, points: Points, view: View, drawn: Bool[np.ndarray, " n"], lit: Bool[np.ndarray, " n"] | None
) -> None:
    """The features `drawn`, of them those `lit` by a search in colour and the others grey."""
    CHANNEL(data=points.payload, key=f"points-{points.key}")
    colours = legend(atlas, view.colour)
    shown = None if view.show is None else told(atlas, atlas.feature_id(view.show))
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
        "shown": shown,
        "place": view.place,
        "furthest": FURTHEST,
        "causal": atlas.manifest.causal,
        "file": file_name(atlas, "map", "png"),
    }
    MAP(data={"key": drawn_key(data), **data}, key="map")


def names(atlas: Atlas) -> dict[int, str] | None:
    """What layers are called; None where their numbers are."""
    named = atlas.manifest.layer_names is not None
    return {layer: layer_name(atlas.manifest, layer) for layer in atlas.layers} if named else None


def packed(flags: Bool[np.ndarray, " n"]) -> str:
    """A bit for each feature, the lowest bit of a byte first, in base64."""
    return base64.b64encode(np.packbits(flags, bitorder="little")).decode()


def search_key(atlas: Atlas, search: Search) -> str:
    """Tells what is said of a point under one search from what is said under another."""
    return urlencode(search.query(atlas))


@turns.fragment
def tell(atlas: Atlas, search: Search, found: SearchResults | None) -> None:
    """Answers for one feature at a time: what it is called, and an example; of a hit, the one that shows why."""
    asked = state_of("map-tell").get("asked")
    known = type(asked) is int and 0 <= asked < len(atlas.features["size"])
    answer = told(atlas, asked, search, found) | {"search": search_key(atlas, search)} if known else None
    CHANNEL(data={"role": "tell", "told": answer}, key="map-tell", on_asked_change=nothing)


def told(atlas: Atlas, id: int, search: Search | None = None, found: SearchResults | None = None) -> dict:
    line, maximum = central_line(atlas, id, *AROUND)
    ref, size = atlas.feature_ref(id), int(atlas.features["size"][id])
    meta, name = f"{size} example{'s' * (size != 1)}", label(atlas, id)
    known = {"id": id, "name": ref_name(atlas.manifest, ref), "meta": meta, "line": line, "maximum": maximum}
    hit = np.flatnonzero(found.ids == id) if found is not None else ()
    why = matched(atlas, id, search, found, int(hit[0])) if len(hit) else {"why": None}
    return {**known, "text": str(name), **name.data(), **why}


def matched(atlas: Atlas, id: int, search: Search, found: SearchResults, place: int) -> dict:
    """Why a search found the feature, and the part of the example that shows it."""
    match = matches(atlas, search, found, slice(place, place + 1))[0]
    line = lines(atlas, atlas.neuron(atlas.feature_ref(id).of), [match.row])[0]
    line["h"] = highlighted(atlas, search, line)
    first, last = (end(line["h"], default=line["k"]) for end in (min, max))
    trim(line, max(AROUND[0], line["k"] - first), max(AROUND[1], last - line["k"]))
    return {"why": match.why, "line": line}


def seen() -> Box | None:
    """What part of the map the browser shows, as it last said; None before it said so, or when it makes no sense."""
    box = state_of("map-seen").get("asked")
    numbers = isinstance(box, list) and len(box) == 4 and all(type(each) in (int, float) for each in box)
    return tuple(box) if numbers and all(abs(each) <= FAR for each in box) else None  # nor NaN, which compares as none


def listen() -> None:
    """Hear what part of the map is seen; the fragment that calls this runs anew whenever it changes."""
    CHANNEL(data={"role": "seen"}, key="map-seen", on_asked_change=nothing)


def state_of(key: str) -> dict:
    found = st.session_state.get(key)
    return dict(found) if found else {}


def nothing() -> None:
    """A component's value is kept only where somebody listens."""
