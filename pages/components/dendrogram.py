"""The tree of one neuron's examples, and the line that cuts it: the browser colours what the line makes at once."""

from urllib.parse import urlencode

import numpy as np

from ne_core.atlas import Atlas, Neuron
from ne_core.dendrogram import Dendrogram, dendrogram
from ne_core.nodes import parent_heights, suggested_cut
from ne_core.palette import FEATURES, OTHER
from pages.components.assets import component, drawn_key
from pages.components.labels import made, node_labels
from pages.components.lines import snippets
from pages.components.links import neuron_href
from pages.components.picker import View

DENDROGRAM = component(
    "dendrogram",
    html='<div id="stage"><div id="plot" tabindex="0" role="group"></div>'
    '<div id="line" tabindex="0" role="slider" aria-label="Cut of the tree" aria-orientation="vertical"><span></span>'
    '</div></div><p id="cuts"></p><div id="tip" role="tooltip"></div>'
    '<div id="live" class="hidden" role="status" aria-live="polite"></div>',
    parts=("dendrogram_cut", "dendrogram_draw", "dendrogram_move"),
)
ROOM = 1.06  # above the highest branch point


def tree_of(atlas: Atlas, neuron: Neuron, view: View, current: int) -> None:
    """Draw the tree of a neuron with two examples or more, cut where the view cuts it."""
    layout, usual = dendrogram(neuron.tree), atlas.manifest.default_cut
    suggested = suggested_cut(neuron.tree)
    highest = max(float(layout.height.max()), usual)
    kept = "".join(f"&{urlencode({name: value})}" for name, value in view.along(atlas).items())
    drawn = {
        "address": neuron_href(atlas, neuron.ref),
        "kept": kept,
        "usual": usual,
        "suggested": None if suggested is None else round(suggested, 3),
        "top": min(2.0, np.ceil(highest * ROOM * 100) / 100),
        "colours": [colour.css for colour in (*FEATURES, OTHER)],
        "leaves": leaves(atlas, neuron, layout),
        "branches": branches(neuron, layout),
        "names": names(atlas, neuron, layout),
    }
    place = {"cut": view.cut, "asked": view.feature is not None, "current": current, "branch": view.branch}
    DENDROGRAM(data={"key": drawn_key(drawn), **place, **drawn}, key="dendrogram")


def leaves(atlas: Atlas, neuron: Neuron, layout: Dendrogram) -> list[dict]:
    """From the left: which example it is, and the text around the key token."""
    texts = snippets(atlas, neuron, layout.order, before=10, after=4)
    return [{"row": row, "text": text} for row, text in zip(layout.order.tolist(), texts, strict=True)]


def names(atlas: Atlas, neuron: Neuron, layout: Dendrogram) -> list[list[list[str]]]:
    """What each node is called, in the order of leaves and branches: key terms, and what stands before them."""
    found = node_labels(atlas, neuron)
    places = np.concatenate([layout.order, np.arange(len(neuron), 2 * len(neuron) - 1)])
    labels = [made(atlas, keys, context, 1.0) for keys, context in zip(found.keys, found.context, strict=True)]
    return [[list(labels[node].tokens), list(labels[node].context)] for node in places]


def branches(neuron: Neuron, layout: Dendrogram) -> list[dict]:
    """From the lowest: its two arms by number, leaves being numbered from the left; where it stands; its centre."""
    n = len(neuron)
    number = np.arange(2 * n - 1)
    number[layout.order] = np.arange(n)
    # heights as they are stored, all digits: in the browser a cut must fall on the same side of them as here
    columns = (
        number[layout.children],
        layout.x[n:].round(3),
        neuron.tree[:, 2].astype(np.float64),
        number[neuron.merge_central],
        parent_heights(neuron.tree)[n:].round(3),
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [
        {"of": of, "x": x, "h": height, "centre": centre, "until": until if np.isfinite(until) else None}
        for of, x, height, centre, until in rows
    ]
