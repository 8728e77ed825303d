"""The bar under a neuron's controls: the features beside the one that is shown, its bookmark, the link of the view."""

from collections.abc import Sequence

from ne_core.atlas import Atlas, Neuron
from ne_core.refs import FeatureRef
from pages.components.base.assets import component, drawn_key
from pages.components.url.links import neuron_href
from pages.components.url.neuron_view import View
from pages.components.widgets.clusters import Cluster

HERE = component(
    __file__,
    "here",
    html='<div id="here"><a id="previous">‹ Previous feature</a><a id="next">Next feature ›</a>'
    '<button id="star" type="button" aria-pressed="false"></button><button id="copy" type="button">Copy link</button>'
    '<span id="said" role="status"></span></div><p id="moved" hidden></p>',
    parts=("storage", "status_line"),
)


def here_bar(atlas: Atlas, neuron: Neuron, view: View, features: Sequence[Cluster], shown: Cluster, name: str) -> None:
    """`shown` is the cluster on the screen, one of `features` or a branch, and `name` its name."""
    data = {
        "place": place(atlas, neuron, view, shown, name),
        "centres": [at(neuron, feature.central) for feature in features],
        **beside(atlas, view, len(features)),
    }
    HERE(data={"key": drawn_key(data), **data}, key="here")


def place(atlas: Atlas, neuron: Neuron, view: View, shown: Cluster, name: str) -> dict:
    """What a bookmark keeps of a view: numbers that make its address, and its central example, to know it again."""
    return {
        "atlas": atlas.slug,
        "layer": neuron.ref.layer,
        "neuron": neuron.ref.neuron,
        "feature": view.feature,
        "branch": view.branch,
        "cut": None if view.cut == atlas.manifest.default_cut else view.cut,
        "at": at(neuron, shown.central),
        "name": name,
        "note": "",
    }


def at(neuron: Neuron, row: int) -> list[int]:
    return [int(neuron.example[row]), int(neuron.pos[row])]


def beside(atlas: Atlas, view: View, n_features: int) -> dict[str, str | None]:
    """Addresses of the features before and after the one that is shown; from a branch on, the first."""
    current = -1 if view.branch is not None else view.feature or 0

    def href(feature: int) -> str | None:
        ref = FeatureRef(view.neuron.layer, view.neuron.neuron, feature)
        return neuron_href(atlas, ref, **view.same_cut_query(atlas)) if 0 <= feature < n_features else None

    return {"previous": href(current - 1), "next": href(current + 1)}
