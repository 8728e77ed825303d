"""Toolbar below a neuron's controls: previous and next feature, bookmark, link, and the visitor's verdict."""

from collections.abc import Sequence

from ne_core.atlas import Atlas, Neuron
from ne_core.queries.neuronpedia import neuronpedia_href
from ne_core.refs import FeatureRef
from pages.components.base.assets import component, drawn_key
from pages.components.url.links import neuron_href
from pages.components.url.neuron_view import View
from pages.components.widgets.clusters import Cluster

TOOLBAR = component(
    __file__,
    "feature_toolbar",
    html='<div id="toolbar"><a id="previous">‹ Previous feature</a><a id="next">Next feature ›</a>'
    '<button id="star" type="button" aria-pressed="false"></button><button id="copy" type="button">Copy link</button>'
    '<a id="outside" target="_blank" rel="noopener" hidden>On Neuronpedia ↗</a>'
    '<span id="judge" role="group" aria-label="Your verdict on the name">'
    '<button id="right" type="button">✓ Right</button><button id="wrong" type="button">✗ Wrong</button>'
    '<button id="rename" type="button">✎ Own name</button></span>'
    '<span id="message" role="status"></span></div><p id="moved" hidden></p>',
    parts=("storage", "status_line", "judgement"),
)


def feature_toolbar(
    atlas: Atlas, neuron: Neuron, view: View, features: Sequence[Cluster], cluster: Cluster, name: str
) -> None:
    """Show the toolbar of `cluster`, one of `features` or a branch, named `name`."""
    data = {
        "bookmark": bookmark(atlas, neuron, view, cluster, name),
        "centres": [key_position(neuron, feature.central) for feature in features],
        "outside": neuronpedia_href(atlas.manifest, neuron.ref),
        **neighbours(atlas, view, len(features)),
    }
    TOOLBAR(data={"key": drawn_key(data), **data}, key="feature_toolbar")


def bookmark(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, name: str) -> dict:
    """Return the fields of a view's address, and the central example, which identifies it in a rebuilt atlas."""
    return {
        "atlas": atlas.slug,
        "layer": neuron.ref.layer,
        "neuron": neuron.ref.neuron,
        "feature": view.feature,
        "branch": view.branch,
        "embedding": None if neuron.embedding == atlas.manifest.embedding else neuron.embedding,
        "cut": None if view.cut == neuron.default_cut else view.cut,
        "at": key_position(neuron, cluster.central),
        "name": name,
        "note": "",
    }


def key_position(neuron: Neuron, row: int) -> list[int]:
    """Example and position of the key token."""
    return [int(neuron.example[row]), int(neuron.pos[row])]


def neighbours(atlas: Atlas, view: View, n_features: int) -> dict[str, str | None]:
    """Addresses of the previous and the next feature; from a branch, the next is feature 0."""
    current = -1 if view.branch is not None else view.feature or 0

    def href(feature: int) -> str | None:
        ref = FeatureRef(view.neuron.layer, view.neuron.neuron, feature)
        return neuron_href(atlas, ref, **view.same_cut_query(atlas)) if 0 <= feature < n_features else None

    return {"previous": href(current - 1), "next": href(current + 1)}
