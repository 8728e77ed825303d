"""Number of features at every cut, as a small figure beside the tree; a click on it moves the cut."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas, Neuron
from ne_core.method.partitions import holder
from ne_core.method.trees.nodes import features_at_cuts
from pages.components.cached.per_atlas import per_atlas
from pages.components.url.fields import decimal
from pages.components.url.links import page_href
from pages.components.url.neuron_view import View
from pages.components.widgets.clusters import Cluster
from pages.components.widgets.plots.plot_axes import count_axis, log_count, value_axis
from pages.components.widgets.plots.small_plot import Bar, plotted, small_plot

STEPS = 32
ROOM = 1.06  # above the highest branch point
HEIGHT = 140  # pixels
MOST_LEAVES = 1000  # of a tree that is cut at every step


def show_cut_curve(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster) -> None:
    """Draw the figure for a neuron with two examples or more. `cluster` is the one on the page."""
    small_plot(cut_plot(atlas, neuron, view, cluster), name="cut_curve", height=HEIGHT)


def cut_plot(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster) -> dict:
    cuts = cuts_of(neuron)
    counts, half = features_at_cuts(neuron.tree, cuts).tolist(), float(cuts[1] - cuts[0]) / 2
    bars = [
        Bar(cut - half, cut + half, log_count(n), f"cut {cut:g}: {n:,} feature{'s' * (n != 1)}", href=href)
        for cut, n, href in zip(cuts.tolist(), counts, addresses(atlas, neuron, view, cluster, cuts), strict=True)
    ]
    return plotted(
        bars,
        value_axis(bars[0].left, max(bars[-1].right, view.cut), "cut (cosine distance)"),
        count_axis(len(neuron), "features"),
        label="Number of features by cut.",
        marks=[(view.cut, f"cut {view.cut:g}")],
    )


def cuts_of(neuron: Neuron) -> Float[np.ndarray, " steps"]:
    """Return STEPS cuts, from 0 to above the tree."""
    top = min(2.0, max(float(neuron.tree[:, 2].max()), neuron.default_cut) * ROOM)
    return ((np.arange(STEPS) + 0.5) * top / STEPS).round(4)


@per_atlas(entries=32)
def features_by_cut(
    atlas: Atlas, layer: int, number: int, embedding: str, _neuron: Neuron
) -> Int[np.ndarray, "steps n"]:
    """Return the feature of each example at each cut, which is the same for every view of a neuron in an embedding."""
    return np.array([_neuron.features(cut) for cut in cuts_of(_neuron).tolist()], dtype=np.int32)


def addresses(
    atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, cuts: Float[np.ndarray, " steps"]
) -> list[str]:
    """Addresses of the view at other cuts.

    A requested feature is replaced by the one with most of its examples; in trees too large to be cut many times by
    the largest.
    """
    query = query_at_cuts(atlas, neuron, view)
    queries = [query | {"cut": decimal(cut)} for cut in cuts.tolist()]
    if view.feature is not None and len(neuron) <= MOST_LEAVES:
        for moved, features in zip(queries, features_by_cut(atlas, *key_of(neuron), neuron), strict=True):
            moved["feature"] = str(holder(features, cluster.rows))
    default = decimal(neuron.default_cut)
    for moved in queries:
        if moved["cut"] == default:
            del moved["cut"]
    return [page_href("neuron", moved) for moved in queries]


def key_of(neuron: Neuron) -> tuple[int, int, str]:
    return neuron.ref.layer, neuron.ref.neuron, neuron.embedding


def query_at_cuts(atlas: Atlas, neuron: Neuron, view: View) -> dict[str, str]:
    """Return the query of the view at another cut than the default; written once, as writing it 32 times takes long."""
    reading, other = replace(view.reading, page=0), 0.0 if neuron.default_cut else 1.0
    feature = None if view.feature is None else 0
    return replace(view, cut=other, feature=feature, branch=None, reading=reading).query(atlas)
