"""The spaces over the whole atlas: how a measure is spread in each, layer by layer, and how often each space wins."""

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_mark
from ne_core.export.boxes import boxes
from ne_core.method.comparison import BEST, COMPARED, EACH, LEAST, MOST, Comparison
from ne_core.palette import FEATURES
from pages.components.base.assets import component, drawn_key
from pages.components.base.escape import markdown
from pages.components.cached.per_atlas import per_atlas
from pages.components.spaces.controls import pick_measure
from pages.components.spaces.summary import TITLES, brief_title, short_title
from pages.components.url.spaces_view import View

BOXES = component(
    __file__,
    "boxes",
    html='<div id="plot" tabindex="0" role="group"></div><p id="key"></p><div id="tip" role="tooltip"></div>'
    '<div id="live" class="hidden" role="status" aria-live="polite"></div>',
)


def show_whole(atlas: Atlas, view: View) -> None:
    st.subheader("Over the whole atlas", anchor=False)
    found, words = atlas.comparison, atlas.manifest.vocabulary
    if found is None:
        st.caption(
            "This atlas holds no comparison of spaces. `python -m precompute build` makes one for every atlas of texts."
        )
        return
    if not len(found):
        few = f"No {words.unit} has from {LEAST} to {MOST:,} examples and two features or more"
        st.caption(f"{few}: there is nothing to compare.")
        return
    pick_measure(atlas, view)
    drawn = plotted(atlas, view)
    BOXES(data={"key": drawn_key(drawn), **drawn}, key="boxes")
    st.caption(f"{whose(atlas, view, len(found))} {how_drawn(atlas)}")
    if view.measure in BEST:
        st.markdown(f"**How often each space is best**, as a share of the layer’s {words.units}:")
        st.markdown(wins_table(atlas, view.measure, view.by))
    else:
        st.caption("Distances of two spaces are on scales of their own: none wins by them, only by their ratio.")


def plotted(atlas: Atlas, view: View) -> dict:
    layers = {layer: layer_mark(atlas.manifest, layer) for layer in atlas.layers}
    spaces = [short_title(atlas, name) for name in COMPARED]
    label = f"{TITLES[view.measure]} of {atlas.manifest.vocabulary.units}, by layer and space."
    plot = boxes(atlas.comparison, layers, spaces, view.measure, view.by, label, view.neuron)
    return plot | {"colours": [FEATURES[i].css for i in range(len(spaces))]}


def how_drawn(atlas: Atlas) -> str:
    words = atlas.manifest.vocabulary
    return (
        f"Boxes: half of the layer’s {words.units}, with the median; lines: from the 5th to the 95th percentile; "
        f"diamond: the {words.unit} above. All clusters are as many as the {words.unit} has features."
    )


def whose(atlas: Atlas, view: View, n: int) -> str:
    among = f"{n:,} {atlas.manifest.vocabulary.units} with {LEAST} to {MOST:,} examples and two features or more."
    if view.by == EACH:
        return f"{among} Each space is measured on the clusters that it made itself."
    return f"{among} All spaces are measured on the clusters of one, {short_title(atlas, view.by)}, which favours it."


@per_atlas(entries=16)
def wins_table(atlas: Atlas, measure: str, by: str) -> str:
    """In which share of the neurons each space is best, by layer and in all, as Markdown."""
    head = " | ".join(markdown(brief_title(atlas, name)) for name in COMPARED)
    rows = [
        wins_row(markdown(layer_mark(atlas.manifest, layer)), atlas.comparison.of_layer(layer), measure, by)
        for layer in atlas.layers
    ]
    rows.append(wins_row("**all**", atlas.comparison, measure, by))
    units = atlas.manifest.vocabulary.units
    return f"| layer | {head} | {units} |\n|---|{'---:|' * (len(COMPARED) + 1)}\n" + "\n".join(rows)


def wins_row(name: str, found: Comparison, measure: str, by: str) -> str:
    wins = found.wins(measure, by)
    shares = wins.mean(axis=0).tolist() if len(wins) else [np.nan] * len(COMPARED)
    shown = " | ".join(f"{share:.0%}" if np.isfinite(share) else "–" for share in shares)
    return f"| {name} | {shown} | {len(wins):,} |"
