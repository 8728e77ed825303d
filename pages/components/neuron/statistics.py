"""Statistics of the neuron on the page: the main ones in a line, all of them as folded details."""

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.names import formula, space_formula
from ne_core.method.measures import measures
from ne_core.numbers import fixed
from pages.components.base.escape import markdown
from pages.components.neuron.chance import show_chance
from pages.components.serving import turns
from pages.components.url.neuron_view import View
from pages.components.widgets.cluster_words import number


def statistics_line(atlas: Atlas, neuron: Neuron) -> None:
    """Show the measures that no cut changes as one line of text; feature_list.py has the others."""
    facts = [
        f"{len(neuron):,} example{'s' * (len(neuron) != 1)}",
        f"maximum activation {fixed(atlas.neurons['maximum'][atlas.neuron_row(neuron.ref)])}",
    ]
    if atlas.manifest.near_duplicates == "dropped":
        facts[0] += " without near duplicates, which were left out when the atlas was built"
    if len(neuron) > 1:
        facts.insert(1, f"mean distance {number(measures(neuron.tree, neuron.default_cut).mean_distance)}")
    st.caption(" · ".join(facts))


@turns.fragment
def show_statistics(atlas: Atlas, neuron: Neuron, view: View) -> None:
    """Show every measure and the comparison with chance; computed only when unfolded."""
    title = f"All measures of this {atlas.manifest.vocabulary.unit}, and chance"
    box = st.expander(title, key="_statistics", on_change="rerun")
    if not box.open:
        return
    with box:
        show_measures(atlas, neuron, view)
        if neuron.embedding == atlas.manifest.embedding:
            show_chance(atlas, neuron.ref)
        else:
            of_atlas = space_formula(atlas.manifest, atlas.manifest.embedding)
            st.caption(markdown(f"The comparison with chance is stored for the atlas’s embedding only: {of_atlas}."))


def show_measures(atlas: Atlas, neuron: Neuron, view: View) -> None:
    """Show every measure, with its meaning as a help text."""
    values, unit = measures(neuron.tree, view.cut), atlas.manifest.vocabulary.unit
    row = atlas.neuron_row(neuron.ref)
    most_active = "a label as active as this has" if atlas.manifest.images else "tokens as active as this have"
    metrics = {
        "Examples": (f"{values.n_examples}", f"Activating examples stored for this {unit}."),
        "Features": (f"{values.n_features}", "Clusters of these examples at the cut. More examples give more."),
        "Largest feature": (f"{values.largest_share:.0%}", "Share of the examples in the largest feature."),
        "Mean distance": (
            number(values.mean_distance),
            f"Mean cosine distance between the examples’ embeddings, {formula(neuron.embedding)}: 0 is the same "
            "direction, 1 unrelated.",
        ),
        "Within features": (number(values.intra_distance), "Mean distance between examples of the same feature."),
        "Between features": (number(values.inter_distance), "Mean distance between examples of different features."),
        "Maximum": (
            fixed(atlas.neurons["maximum"][row]),
            f"The {unit}’s maximum activation; {most_active} the strongest background.",
        ),
    }
    with st.container(horizontal=True, gap="small"):
        for name, (value, meaning) in metrics.items():
            st.metric(name, value, help=meaning, width="content")
