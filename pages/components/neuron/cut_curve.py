"""Number of features at every cut, as a small figure beside the tree; a click on it moves the cut."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas, Neuron
from ne_core.method.nodes import features_at_cuts
from pages.components.cached.per_atlas import per_atlas
from pages.components.url.fields import decimal
from pages.components.url.links import page_href
from pages.components.url.neuron_view import View
from pages.components.widgets.clusters import Cluster
from pages.components.widgets.plot_axes import count_axis, log_count, value_axis
from pages.components.widgets.small_plot import Bar, plotted, small_plot

STEPS = 32
ROOM = 1.06  # above the highest branch point
HEIGHT = 140  # pixels


def show_cut_curve(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster) -> None:
    """Draw the figure for a neuron with two examples or more. `cluster` is the one on the page."""
    small_plot(cut_plot(atlas, neuron, view, cluster), name="cut_curve", height=HEIGHT)


def cut_plot(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster) -> dict:
    cuts, features = numbered_at_cuts(atlas, neuron.ref.layer, neuron.ref.neuron, neuron)
    counts, half = features_at_cuts(neuron.tree, cuts).tolist(), float(cuts[1] - cuts[0]) / 2
    bars = [
        Bar(cut - half, cut + half, log_count(n), f"cut {cut:g}: {n:,} feature{'s' * (n != 1)}", href=href)
        for cut, n, href in zip(cuts.tolist(), counts, addresses(atlas, view, cluster, cuts, features), strict=True)
    ]
    return plotted(
        bars,
        value_axis(bars[0].left, max(bars[-1].right, view.cut), "cut (cosine distance)"),
        count_axis(len(neuron), "features"),
        label="Number of features by cut.",
        marks=[(view.cut, f"cut {view.cut:g}")],
    )


@per_atlas(entries=32)
def numbered_at_cuts(
    atlas: Atlas, layer: int, number: int, _neuron: Neuron
) -> tuple[Float[np.ndarray, " steps"], Int[np.ndarray, "steps n"]]:
    """Return cuts from 0 to above the tree, and the feature of each example at each; the same for every view."""
    top = min(2.0, max(float(_neuron.tree[:, 2].max()), atlas.manifest.default_cut) * ROOM)
    cuts = ((np.arange(STEPS) + 0.5) * top / STEPS).round(4)
    return cuts, np.array([_neuron.features(cut) for cut in cuts.tolist()], dtype=np.int32)


def addresses(
    atlas: Atlas,
    view: View,
    cluster: Cluster,
    cuts: Float[np.ndarray, " steps"],
    features: Int[np.ndarray, "steps n"],
) -> list[str]:
    """Addresses of the view at other cuts. A requested feature is replaced by the one with most of its examples."""
    query = query_at_cuts(atlas, view)
    hrefs = []
    for cut, at_cut in zip(cuts.tolist(), features, strict=True):
        moved = query | {"cut": decimal(cut)}
        if view.feature is not None:
            moved["feature"] = str(np.bincount(at_cut[cluster.rows]).argmax())
        if cut == atlas.manifest.default_cut:
            del moved["cut"]
        hrefs.append(page_href("neuron", moved))
    return hrefs


def query_at_cuts(atlas: Atlas, view: View) -> dict[str, str]:
    """Return the query of the view at another cut than the atlas's; written once, as writing it 32 times takes long."""
    other = 0.0 if atlas.manifest.default_cut else 1.0
    return replace(view, cut=other, branch=None, reading=replace(view.reading, page=0)).query(atlas)
