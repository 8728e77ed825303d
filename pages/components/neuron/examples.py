"""The examples of a feature or a branch: which are shown, in what order, and the words around them."""

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.names import ref_name
from ne_core.palette import feature_colour
from pages.components.text.labels import Label
from pages.components.url.neuron_view import View
from pages.components.url.reading import LONGEST
from pages.components.widgets.cluster_words import facts
from pages.components.widgets.clusters import Cluster
from pages.components.widgets.example_selection import ExampleSelection, select_examples
from pages.components.widgets.token_lines.example_lines import IMPORTANT
from pages.components.widgets.token_lines.tokens import cluster_examples

ORDER = {
    "central": "The central example first, then those whose importance was computed, then the rest, each by activation "
    "on the key token, which is the number at the right.",
    "activation": "The highest activation on the key token first; it is the number at the right.",
    "near": "The nearest to the centre first.",
    "far": "The farthest from the centre first.",
}
ORDER_OF_IMAGES = {
    "central": "The image at the centre first, then the rest by activation.",
    "activation": "The highest activation first.",
    "near": ORDER["near"],
    "far": ORDER["far"],
}
STORED = (
    "Distance is the cosine distance of the example’s embedding to the mean direction of its feature: 0 is the "
    "same direction."
)
JOINED = (
    "Distance is the height in the tree at which the example joins the central one. Distances from the mean direction "
    "are known for features of the atlas’s own cut."
)
CONTEXT = (
    f"Text begins at the farthest token with an importance of at least {IMPORTANT} in size; where importance was not "
    "computed, a few tokens are shown."
)


def show_examples(
    atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, name: Label, current: int, back: str
) -> None:
    """`name` is the cluster's, `back` the address of the feature that a branch is shown instead of."""
    stored = view.branch is None and view.cut == atlas.manifest.default_cut
    found = select_examples(atlas, neuron, cluster, view.reading, stored)
    on_branch = view.branch is not None
    head = {
        "title": f"Branch point {view.branch}" if on_branch else f"Feature {current}",
        "number": None if on_branch else current,
        "colour": feature_colour(-1 if on_branch else current).css,
        "size": f"{len(cluster):,} of {ref_name(atlas.manifest, neuron.ref)}’s {len(neuron):,} examples",
        "facts": facts(atlas, neuron, cluster, view.reading),
        "back": {"href": back, "text": f"Back to feature {current}"} if on_branch else None,
        **name.data(),
    }
    asked = view.feature is not None or on_branch
    land = {"of": str(neuron.ref), "what": head["title"], "cut": view.cut} if asked else None
    cluster_examples(atlas, neuron, found, view, head=head, count=counted(found, view, len(cluster)), land=land)
    away = (STORED if stored else JOINED) if view.reading.by_distance else ""
    important = CONTEXT if view.reading.context == "important" else ""
    if atlas.manifest.images:
        activation = "The number is the activation, and so is the warm background of a label."
        st.caption(f"{ORDER_OF_IMAGES[view.reading.sort]} {away} {activation}")
        return
    st.caption(
        f"{ORDER[view.reading.sort]} {away} {important} A warm background is activation, an underline importance; "
        "Values shows both as numbers."
    )


def counted(found: ExampleSelection, view: View, n: int) -> str:
    """How many are shown of how many, where it is not all of them; the box for a text is near this line."""
    short = f"Only the first {LONGEST} characters count. " if view.reading.shortened else ""
    if not found.n_passing:
        return f"{short}None of the {n:,} examples passes."
    passes = f"{found.n_passing:,} of {n:,} examples pass" if view.reading.filtered else ""
    span = view.reading.span(found.n_passing)
    part = (
        f"{span.start:,} to {span.stop - 1:,} of {found.n_passing:,} shown" if found.n_passing > len(found.rows) else ""
    )
    return short + "; ".join(each for each in (passes, part) if each) + "." * bool(passes or part)
