"""Examples of a feature or a branch, with their heading, order and captions."""

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.names import ref_name
from ne_core.palette import Colour
from ne_core.queries.duplicates import ENDING
from pages.components.text.labels import Label
from pages.components.url.neuron_view import View
from pages.components.url.reading import LONGEST
from pages.components.widgets.cluster_words import facts
from pages.components.widgets.clusters import Cluster
from pages.components.widgets.example_selection import ExampleSelection, select_examples
from pages.components.widgets.token_lines.example_lines import IMPORTANT
from pages.components.widgets.token_lines.tokens import cluster_examples

ORDER = {
    "central": "The central example first, then those with computed importance, then the rest, each by activation "
    "on the key token, the number at the right.",
    "activation": "Highest activation on the key token first; it is the number at the right.",
    "near": "Nearest to the centre first.",
    "far": "Farthest from the centre first.",
}
ORDER_OF_IMAGES = {
    "central": "The central image first, then the rest by activation.",
    "activation": "Highest activation first.",
    "near": ORDER["near"],
    "far": ORDER["far"],
}
TO_CENTRE = (
    "Distance is the cosine distance of the example’s embedding to the mean direction of its feature: 0 is the "
    "same direction."
)
JOINED = (
    "Distance is the height in the tree at which the example joins the central one. Distances from the mean direction "
    "are known only for features at the default cut of the tree."
)
CONTEXT = (
    f"Text begins at the farthest token with an absolute importance of at least {IMPORTANT}; without computed "
    "importance, a few tokens are shown."
)


def show_examples(
    atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, name: Label, colour: Colour, current: int, back: str
) -> None:
    """Show a cluster named `name`. `back` is the address of the feature to return to from a branch."""
    at_default = view.branch is None and view.cut == neuron.default_cut
    selection = select_examples(atlas, neuron, cluster, view.reading, at_default)
    on_branch = view.branch is not None
    head = {
        "title": f"Branch point {view.branch}" if on_branch else f"Feature {current}",
        "number": None if on_branch else current,
        "colour": colour.css,
        "size": f"{len(cluster):,} of {ref_name(atlas.manifest, neuron.ref)}’s {len(neuron):,} examples",
        "facts": facts(atlas, neuron, cluster, view.reading),
        "back": {"href": back, "text": f"Back to feature {current}"} if on_branch else None,
        **name.data(),
    }
    requested = view.feature is not None or on_branch
    land = {"of": str(neuron.ref), "what": head["title"], "cut": view.cut} if requested else None
    count = count_words(selection, view, len(cluster))
    cluster_examples(atlas, neuron, selection, view, head=head, count=count, land=land)
    distance = (TO_CENTRE if at_default else JOINED) if view.reading.by_distance else ""
    important = CONTEXT if view.reading.context == "important" else ""
    if atlas.manifest.images:
        activation = "The number is the activation, also shown as the warm background of a label."
        st.caption(f"{ORDER_OF_IMAGES[view.reading.sort]} {distance} {activation}")
        return
    st.caption(
        f"{ORDER[view.reading.sort]} {distance} {important} A warm background is activation, an underline importance; "
        "“Values” shows both as numbers."
    )


def count_words(selection: ExampleSelection, view: View, n: int) -> str:
    """Number of examples that pass the filters and are shown; empty if all are."""
    short = f"Only the first {LONGEST} characters are searched. " if view.reading.shortened else ""
    if not selection.n_passing:
        return f"{short}None of the {n:,} examples passes the filters."
    passes = f"{selection.n_passing:,} of {n:,} examples pass the filters" if view.reading.filtered else ""
    span = view.reading.span(selection.n_passing)
    part = (
        f"{span.start:,} to {span.stop - 1:,} of {selection.n_passing:,} shown"
        if selection.n_passing > len(selection.rows)
        else ""
    )
    counts = short + "; ".join(each for each in (passes, part) if each) + "." * bool(passes or part)
    return " ".join(each for each in (counts, folded_words(selection.n_folded)) if each)


def folded_words(n: int) -> str:
    """Number of folded examples with the rule by which they are folded; empty if there are none."""
    if not n:
        return ""
    return (
        f"{n:,} near duplicate{'s are' if n > 1 else ' is'} folded: the same last {ENDING} characters up to and "
        "including the key token."
    )
