"""The spaces over the whole atlas: box plot of a measure by layer and space, and how often each space is best."""

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
    comparison, words = atlas.comparison, atlas.manifest.vocabulary
    if comparison is None:
        st.caption(
            "This atlas has no comparison of spaces. `python -m precompute build` computes one for any atlas of texts."
        )
        return
    if not len(comparison):
        few = f"No {words.unit} has from {LEAST} to {MOST:,} examples and two features or more"
        st.caption(f"{few}: there is nothing to compare.")
        return
    pick_measure(atlas, view)
    drawn = box_plot(atlas, view)
    BOXES(data={"key": drawn_key(drawn), **drawn}, key="boxes")
    st.caption(f"{source_words(atlas, view, len(comparison))} {legend(atlas)}")
    if view.measure in BEST:
        st.markdown(f"**How often each space is best**, as a share of the layer’s {words.units}:")
        st.markdown(wins_table(atlas, view.measure, view.by))
    else:
        st.caption("Distances in different spaces have different scales, so only their ratio is compared.")


def box_plot(atlas: Atlas, view: View) -> dict:
    layers = {layer: layer_mark(atlas.manifest, layer) for layer in atlas.layers}
    spaces = [short_title(atlas, name) for name in COMPARED]
    label = f"{TITLES[view.measure]} of {atlas.manifest.vocabulary.units}, by layer and space."
    plot = boxes(atlas.comparison, layers, spaces, view.measure, view.by, label, view.neuron)
    return plot | {"colours": [FEATURES[i].css for i in range(len(spaces))]}


def legend(atlas: Atlas) -> str:
    words = atlas.manifest.vocabulary
    return (
        f"Boxes: the middle half of the layer’s {words.units}, with the median; lines: 5th to 95th percentile; "
        f"diamond: the {words.unit} above. In every space a {words.unit} has as many clusters as features."
    )


def source_words(atlas: Atlas, view: View, n: int) -> str:
    among = f"{n:,} {atlas.manifest.vocabulary.units} with {LEAST} to {MOST:,} examples and two features or more."
    if view.by == EACH:
        return f"{among} Each space is measured on its own clusters."
    return f"{among} All spaces are measured on the clusters of {short_title(atlas, view.by)}, which favours it."


@per_atlas(entries=16)
def wins_table(atlas: Atlas, measure: str, by: str) -> str:
    """Markdown table of the share of neurons for which each space is best, by layer and overall."""
    head = " | ".join(markdown(brief_title(atlas, name)) for name in COMPARED)
    rows = [
        wins_row(markdown(layer_mark(atlas.manifest, layer)), atlas.comparison.of_layer(layer), measure, by)
        for layer in atlas.layers
    ]
    rows.append(wins_row("**all**", atlas.comparison, measure, by))
    units = atlas.manifest.vocabulary.units
    return f"| layer | {head} | {units} |\n|---|{'---:|' * (len(COMPARED) + 1)}\n" + "\n".join(rows)


def wins_row(name: str, comparison: Comparison, measure: str, by: str) -> str:
    wins = comparison.wins(measure, by)
    shares = wins.mean(axis=0).tolist() if len(wins) else [np.nan] * len(COMPARED)
    texts = " | ".join(f"{share:.0%}" if np.isfinite(share) else "–" for share in shares)
    return f"| {name} | {texts} | {len(wins):,} |"
