"""Dendrogram of a neuron's examples with a movable cut. While the cut moves, the browser recolours the features."""

from urllib.parse import urlencode

import numpy as np

from ne_core.atlas import Atlas, Neuron
from ne_core.method.trees.dendrogram import Dendrogram, dendrogram
from ne_core.method.trees.node_colours import node_colours
from ne_core.method.trees.nodes import parent_heights
from ne_core.palette import FEATURES, OTHER
from ne_core.text.token_text import short
from pages.components.base.assets import component
from pages.components.cached.per_atlas import identity, per_atlas
from pages.components.text.labels import node_labels
from pages.components.url.links import neuron_href
from pages.components.url.neuron_view import View
from pages.components.widgets.pictures.thumbs import thumbs
from pages.components.widgets.token_lines.lines import snippets

DENDROGRAM = component(
    __file__,
    "dendrogram",
    html='<div id="stage"><div id="plot" tabindex="0" role="group"></div>'
    '<div id="line" tabindex="0" role="slider" aria-label="Cut of the tree" aria-orientation="vertical"><span></span>'
    '</div></div><p id="cuts"></p><div id="tip" role="tooltip"></div>'
    '<div id="live" class="hidden" role="status" aria-live="polite"></div>',
    parts=("cut", "draw", "move"),
)
MANY = 1000  # leaves
ROOM = 1.06  # above the highest branch point


def show_dendrogram(atlas: Atlas, neuron: Neuron, view: View, current: int) -> None:
    """Draw the tree of a neuron with two examples or more, cut where the view cuts it."""
    tree = drawn_tree(atlas, neuron.ref.layer, neuron.ref.neuron, neuron.embedding, neuron)
    query = "".join(f"&{urlencode({name: value})}" for name, value in view.same_neuron_query(atlas).items())
    addresses = {"address": neuron_href(atlas, neuron.ref), "query": query}
    state = {"cut": view.cut, "requested": view.feature is not None, "current": current, "branch": view.branch}
    DENDROGRAM(data={**tree, "key": f"{tree['key']} {query}", **addresses, **state}, key="dendrogram")


@per_atlas(entries=32)
def drawn_tree(atlas: Atlas, layer: int, number: int, embedding: str, _neuron: Neuron) -> dict:
    """Return the part of the drawing that is the same for every cut and feature of a tree; cached for that reason."""
    layout, default_cut, suggested = dendrogram(_neuron.tree), _neuron.default_cut, _neuron.suggested_cut
    is_own = embedding == atlas.manifest.embedding
    highest = max(float(layout.height.max()), default_cut, suggested or 0)
    drawn = {
        "default_cut": default_cut,
        "default_names": ["atlas", "Atlas’s cut"] if is_own else ["default", "Default cut"],
        "suggested": suggested,
        "top": min(2.0, np.ceil(highest * ROOM * 100) / 100),
        "colour_of": colour_numbers(_neuron, layout, default_cut),
        "colours": [colour.css for colour in (*FEATURES, OTHER)],
        "leaves": leaves(atlas, _neuron, layout),
        "branches": branches(_neuron, layout),
        "names": names(atlas, _neuron, layout),
    }
    *_, written = identity(atlas)  # a rebuilt atlas has another key, so its tree is drawn anew
    return {"key": f"{neuron_href(atlas, _neuron.ref)} {embedding} {written}", **drawn}


def colour_numbers(neuron: Neuron, layout: Dendrogram, default_cut: float) -> list[int]:
    """Index of each node's colour: leaves from the left, then branch points. The last colour is that of all others."""
    numbers = np.minimum(node_colours(neuron.tree, default_cut), len(FEATURES))
    return [*numbers[layout.order].tolist(), *numbers[len(neuron) :].tolist()]


def leaves(atlas: Atlas, neuron: Neuron, layout: Dendrogram) -> list[dict]:
    """Leaves from the left: the row of the example and the text around its key token, shorter above MANY leaves.

    For images the text is the label, and up to MANY leaves have their image (thumbs.py).
    """
    before, after = (10, 4) if len(neuron) <= MANY else (5, 2)
    texts = snippets(atlas, neuron, layout.order, before, after)
    leaves = [{"row": row, "text": text} for row, text in zip(layout.order.tolist(), texts, strict=True)]
    if atlas.images is None or len(neuron) > MANY:
        return leaves
    images = thumbs(atlas, neuron.example[layout.order])
    return [leaf | {"image": image} for leaf, image in zip(leaves, images, strict=True)]


def names(atlas: Atlas, neuron: Neuron, layout: Dendrogram) -> list[list[list[str]]]:
    """Name of each node, leaves first, then branch points: its key terms, and the words before them.

    A branch point without a name has the name of its central example.
    """
    labels, n = node_labels(atlas, neuron), len(neuron)
    names = np.concatenate([labels.keys, labels.context], axis=1)
    nameless = n + np.flatnonzero(labels.keys[n:, 0] < 0)
    names[nameless] = names[neuron.merge_central[nameless - n]]
    names = names[np.concatenate([layout.order, np.arange(n, 2 * n - 1)])]
    text = {id: short(atlas.vocab[id]) for id in np.unique(names[names >= 0]).tolist()}
    split = labels.keys.shape[1]
    return [
        [[text[id] for id in row[:split] if id >= 0], [text[id] for id in row[split:] if id >= 0]]
        for row in names.tolist()
    ]


def branches(neuron: Neuron, layout: Dendrogram) -> list[dict]:
    """Branch points from the lowest: child nodes, position, height, central example, and height of the parent.

    Leaves are numbered from the left.
    """
    n = len(neuron)
    number = np.arange(2 * n - 1)
    number[layout.order] = np.arange(n)
    # heights with all stored digits: the browser must compare them with a cut exactly as Python does
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
