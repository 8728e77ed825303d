"""One neuron, drawn: the tree of its examples and, beside each feature's branch, its name and its central example."""

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.names import unit_title
from ne_core.method.classes import FEW
from ne_core.method.trees.dendrogram import Dendrogram, dendrogram, induced, leaves_from_left, node_features
from ne_core.palette import feature_colour
from ne_core.queries.one_idea import Pick
from ne_core.refs import FeatureRef, NeuronRef
from ne_core.text.sentences import sentence
from pages.components.base.assets import component
from pages.components.cached.per_atlas import identity, per_atlas
from pages.components.text.labels import label
from pages.components.url.links import neuron_href
from pages.components.widgets.pictures.thumbs import thumbs

DRAWN = component(
    __file__,
    "drawn_neuron",
    html='<section aria-labelledby="title"><h3 id="title"><a></a></h3><p id="lead"></p>'
    '<div id="tree"><svg aria-hidden="true"></svg><ul></ul></div><p id="rest"></p></section>',
)
FEATURES = 5  # most features drawn
LEAVES = 40  # most examples drawn of each
IMAGES = 7  # most images of each


def drawn_neuron(atlas: Atlas, pick: Pick) -> None:
    """Draw a picked neuron; the whole is a link to its page, each feature a link to itself."""
    DRAWN(data=drawing(atlas, pick.ref.layer, pick.ref.neuron, pick.features), key="drawn_neuron")


@per_atlas(entries=64)
def drawing(atlas: Atlas, layer: int, number: int, picked: tuple[int, ...]) -> dict:
    """Return the data of the drawing."""
    ref = NeuronRef(layer, number)
    neuron, n_all = atlas.neuron(ref), len(atlas.feature_ids(ref))
    tree, feature = drawn_part(neuron, shown_features(atlas, ref, picked))
    layout = dendrogram(tree)
    in_order = list(dict.fromkeys(feature[layout.order].tolist()))
    *_, written = identity(atlas)
    return {
        "key": f"{neuron_href(atlas, ref)} {written}",
        "href": neuron_href(atlas, ref),
        "title": unit_title(atlas.manifest, ref),
        "lead": lead(atlas, ref),
        "rest": rest(n_all - len(in_order)),
        "top": max(float(layout.height.max()), 1e-6),
        "branches": branches(layout, node_features(tree, feature, atlas.manifest.default_cut)),
        "rows": [row(atlas, neuron, i, int((feature == i).sum())) for i in in_order],
    }


def shown_features(atlas: Atlas, ref: NeuronRef, picked: tuple[int, ...]) -> list[int]:
    """Numbers of the features that are drawn: the picked ones, then the largest others that are no strays."""
    sizes = [int(atlas.features["size"][id]) for id in atlas.feature_ids(ref)]
    others = [i for i, size in enumerate(sizes) if size >= FEW or i == 0]
    return list(dict.fromkeys([*picked, *others]))[:FEATURES]


def drawn_part(neuron: Neuron, shown: list[int]) -> tuple[np.ndarray, Int[np.ndarray, " k"]]:
    """Tree over the drawn examples, at most LEAVES of each feature, and the feature of each."""
    order = leaves_from_left(neuron.tree[:, :2].astype(np.int64))
    of_features = (order[neuron.feature[order] == i] for i in shown)
    rows = np.concatenate([rows[evenly(len(rows), LEAVES)] for rows in of_features])
    return induced(neuron.tree, rows), neuron.feature[rows].astype(np.int64)


def evenly(n: int, most: int) -> Int[np.ndarray, " k"]:
    """At most `most` of n indices, at equal steps."""
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).round().astype(np.int64)


def branches(layout: Dendrogram, features: Int[np.ndarray, " nodes"]) -> list[list]:
    """Branch points from the lowest: both children, leaves numbered from the top, height and feature or −1."""
    n = len(layout.order)
    number = np.arange(2 * n - 1)
    number[layout.order] = np.arange(n)
    columns = number[layout.children], layout.height[n:].round(3), features[n:]
    return [[*pair, height, i] for pair, height, i in zip(*(each.tolist() for each in columns), strict=True)]


def row(atlas: Atlas, neuron: Neuron, feature: int, n_drawn: int) -> dict:
    """A feature: its address, its name, and its central example or the images nearest its centre."""
    id = atlas.feature_ids(neuron.ref)[feature]
    return {
        "href": neuron_href(atlas, FeatureRef(neuron.ref.layer, neuron.ref.neuron, feature)),
        "number": feature,
        "colour": feature_colour(feature).css,
        "n": n_drawn,
        **label(atlas, id).data(),
        "sentence": None if atlas.manifest.images else central_sentence(atlas, neuron, id),
        "images": central_images(atlas, neuron, feature, IMAGES),
    }


def central_sentence(atlas: Atlas, neuron: Neuron, id: int) -> tuple[str, str, str]:
    """The sentence of a feature's central example: before the key token, the key token, after it."""
    ids = atlas.window_tokens(neuron, np.array([atlas.features["central"][id]]))[0]
    inside = ids >= 0
    key = int(inside[: atlas.manifest.window.key].sum())
    return sentence(atlas.text(ids[inside]), key)


def central_images(atlas: Atlas, neuron: Neuron, feature: int, most: int) -> list[dict]:
    """Images of a feature, those nearest its centre first; empty for an atlas of texts."""
    if atlas.images is None:
        return []
    rows = np.flatnonzero(neuron.feature == feature)
    nearest = rows[np.argsort(neuron.center_distance[rows], kind="stable")[:most]]
    return thumbs(atlas, neuron.example[nearest])


def lead(atlas: Atlas, ref: NeuronRef) -> str:
    """Sentences on what the drawing shows."""
    n = int((atlas.features["size"][list(atlas.feature_ids(ref))] >= FEW).sum())
    reasons = "one reason" if n <= 1 else f"{n} different reasons"
    tree = "The tree joins its examples;" if n <= 1 else "Each branch of the tree is one;"
    central = "the example at its centre, the word it fires on marked"
    centre = "the images at its centre" if atlas.manifest.images else central
    return f"This {atlas.manifest.vocabulary.unit} fires for {reasons}. {tree} beside it, {centre}."


def rest(n: int) -> str:
    return f"And {n} smaller feature{'s' * (n != 1)}." if n > 0 else ""
