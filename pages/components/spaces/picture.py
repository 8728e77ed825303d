"""Two spaces side by side: tree and plane of the same examples, in the colours of the same clusters."""

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron
from ne_core.export.axes import ticks_within
from ne_core.method.trees.dendrogram import dendrogram, shared_groups
from ne_core.method.trees.nodes import cut_height
from ne_core.palette import FEATURES, OTHER
from pages.components.base.assets import component, drawn_key
from pages.components.spaces.embedded import Space, SpacePair
from pages.components.spaces.summary import space_title
from pages.components.text.labels import labels_of
from pages.components.url.spaces_view import FEATURES as ATLAS_FEATURES
from pages.components.url.spaces_view import View
from pages.components.widgets.pictures.thumbs import thumbs
from pages.components.widgets.token_lines.lines import snippets

SPACES = component(
    __file__,
    "spaces",
    html='<div id="sides"></div><div id="tip" role="tooltip"></div>'
    '<div id="live" class="hidden" role="status" aria-live="polite"></div>',
)
ROOM = 1.06  # above the highest branch point


def spaces_picture(atlas: Atlas, neuron: Neuron, view: View, pair: SpacePair) -> None:
    clusters, rows = pair.clusters, np.arange(len(neuron))
    drawn = {
        "address": view.to(example=None).href(atlas),
        "colours": [colour.css for colour in (*FEATURES, OTHER)],
        "clusters": clusters.tolist(),
        "names": [str(each) for each in labels_of(atlas, neuron, clusters)],
        "texts": snippets(atlas, neuron, rows, 10, 4),
        "images": thumbs(atlas, neuron.example) if atlas.manifest.images else None,
        "sides": [side(atlas, name, space, view, pair) for name, space in zip("ab", pair.spaces, strict=True)],
    }
    SPACES(data={"key": drawn_key(drawn), "selected": view.example, **drawn}, key="spaces")


def side(atlas: Atlas, name: str, space: Space, view: View, pair: SpacePair) -> dict:
    return {
        "title": f"{name}: {space_title(atlas, space.name)}",
        "tree": drawn_tree(space, pair.clusters, cut_of(atlas, view, space, pair.n_clusters)),
        **drawn_plane(space),
    }


def cut_of(atlas: Atlas, view: View, space: Space, n_features: int) -> float | None:
    """Return the height at which the space's tree has `n_features` clusters, the atlas's cut for its own features."""
    is_stored = space.name == atlas.manifest.embedding and view.clusters in (ATLAS_FEATURES, space.name)
    return atlas.manifest.default_cut if is_stored else cut_height(space.tree, n_features)


def drawn_tree(space: Space, clusters: Int[np.ndarray, " n"], cut: float | None) -> dict:
    """Tree with nodes as in scipy's linkage. `group`: the cluster of all examples below a node, −1 for several."""
    layout = dendrogram(space.tree)
    highest = max(float(layout.height.max()), cut or 0.0, 0.01) * ROOM
    return {
        "order": layout.order.tolist(),
        "x": layout.x.round(3).tolist(),
        "h": layout.height.astype(np.float64).round(4).tolist(),
        "of": layout.children.tolist(),
        "group": shared_groups(space.tree, clusters).tolist(),
        "cut": None if cut is None else round(cut, 4),
        "top": min(2.0, highest),
        "ticks": ticks_within(0.0, min(2.0, highest)),
    }


def drawn_plane(space: Space) -> dict:
    places, shares = space.plane.places, space.plane.shares
    axes = [
        {
            "low": low,
            "high": high,
            "ticks": ticks_within(low, high),
            "title": f"component {i} ({share:.0%} of variance)",
        }
        for i, (low, high, share) in enumerate(
            zip(places.min(axis=0).tolist(), places.max(axis=0).tolist(), shares.tolist(), strict=True)
        )
    ]
    return {"places": places.round(4).tolist(), "axes": axes}
