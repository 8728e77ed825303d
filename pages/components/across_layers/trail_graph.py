"""Figure of the trail: layers from left to right, a link for each feature, a line between similar ones."""

from ne_core.atlas import Atlas
from ne_core.method.comparable import MEANINGLESS
from ne_core.queries.trail import Trail
from pages.components.across_layers.summary import links_of
from pages.components.base.assets import component, drawn_key
from pages.components.text.labels import label
from pages.components.url.across_layers_view import View
from pages.components.url.links import in_space, neuron_href

TRAIL = component(
    __file__,
    "trail_graph",
    html='<div id="scroll" tabindex="-1"><nav id="stage" aria-label="Trail"></nav></div>',
)


def trail_graph(atlas: Atlas, view: View, trail: Trail) -> None:
    data = {
        "layers": list(atlas.layers),
        "unlike": unlike(atlas, view, trail),
        "least": trail.least,
        "nodes": [node(atlas, view, trail, index) for index in range(len(trail.ids))],
        "links": [[a, b, round(cosine, 3)] for a, b, cosine in trail.links],
    }
    TRAIL(data={"key": drawn_key(data), **data}, key="trail_graph")


def unlike(atlas: Atlas, view: View, trail: Trail) -> list[int]:
    """Layers that cannot be compared with the start's and therefore show no features."""
    return [layer for layer in atlas.layers if trail.verdicts(view.seed.layer, layer) in MEANINGLESS]


def node(atlas: Atlas, view: View, trail: Trail, index: int) -> dict:
    id = int(trail.ids[index])
    ref, size = atlas.feature_ref(id), int(atlas.features["size"][id])
    seed = ref == view.seed
    return {
        "layer": ref.layer,
        "ref": str(ref),
        **label(atlas, id).data(),
        "size": size,
        "cosine": None if seed else round(float(trail.cosine[index]), 2),
        "href": neuron_href(atlas, ref, **in_space(atlas, view.space)),
        "root": None if seed else view.to(seed=ref).href(atlas),
        "turns": turns_of(trail, index),
        "links": links_of(trail, index),
    }


def turns_of(trail: Trail, index: int) -> list[str]:
    """“splits”, “merges”, both or none."""
    return [verb for verb, nodes in (("splits", trail.splits), ("merges", trail.merges)) if index in nodes]
