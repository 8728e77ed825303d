"""One unit of the lab: its maps, what it does to the logits, how often it is active, and its features."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.lab import Lab
from ne_core.lab.unit_features import NearestFeature, UnitFeatures
from ne_core.lab.units import Unit
from ne_core.method.measures import effective_inputs
from pages.components.base.escape import markdown
from pages.components.cached.lab_data import UnitId, meanings_of, unit_of
from pages.components.lab.runs.head_to_head import place_in
from pages.components.lab.unit.lab_features import lab_features
from pages.components.lab.unit.unit_controls import controls, link_to_neuron
from pages.components.lab.unit.unit_maps import show_maps
from pages.components.lab.unit.unit_plots import activations_plot, effects_plot
from pages.components.text.lab_words import KINDS, written
from pages.components.url import location
from pages.components.url.lab_view import View, current_unit
from pages.components.widgets.small_plot import small_plot


def show_unit(atlas: Atlas, view: View) -> None:
    which = current_unit(atlas, view)
    unit, found = unit_of(atlas, which), meanings_of(atlas, which.run, which.number)
    st.subheader(unit_title(atlas, view, which), anchor=False)
    controls(atlas, view, which)
    link_to_neuron(atlas, view, which)
    show_maps(atlas, view, which, unit)
    left, right = st.columns(2, gap="medium")
    noun = f"{which.noun} {which.number}"
    with left:
        st.markdown("**Effect on the logits**")
        small_plot(effects_plot(atlas.lab, unit, noun), name="lab_effects")
        st.caption(effects_words(which))
    with right:
        st.markdown("**Activations**")
        small_plot(activations_plot(unit, noun), name="lab_activations")
        st.caption(f"On all {len(atlas.lab.images):,} images, on a logarithmic scale.")
    if found is None:
        st.info(f"This {which.noun} is dead: no image activates it, so it has no features.", icon=":material/bedtime:")
        return
    show_measures(view, unit, found)
    show_features(atlas, view, which, unit, found)


def unit_title(atlas: Atlas, view: View, which: UnitId) -> str:
    if which.run is None:
        return f"Hidden neuron {which.number} of the MLP"
    return f"Latent {which.number} of run {which.run}, {KINDS[atlas.lab.kind(which.run)]}"


def effects_words(which: UnitId) -> str:
    through = "its decoder row through the MLP’s output weights" if which.run is not None else "its output weights"
    return f"What one unit of activation adds to each logit, less the mean over classes: {through}."


def show_measures(view: View, unit: Unit, found: UnitFeatures) -> None:
    measured = found.measures(view.cut)
    shown = {
        "Active on": (f"{len(unit.active):,}", "Images of the lab that activate it."),
        "Examples": (f"{measured.n_examples}", "The first of them, which are clustered."),
        "Features": (f"{measured.n_features}", "Clusters of those at the cut: its meanings."),
        "Mean distance": (
            written(measured.mean_distance, ".3f"),
            "Mean cosine distance between the examples’ neuron embeddings.",
        ),
        "Within features": (written(measured.intra_distance, ".3f"), "Between examples of the same feature."),
        "Between features": (written(measured.inter_distance, ".3f"), "Between examples of different features."),
        "Effective inputs": (
            written(effective_inputs(unit.embeddings), ".1f"),
            "Over how many inputs its embeddings are spread, 1/Σp². Near 1 the distances are small by construction.",
        ),
    }
    with st.container(horizontal=True, gap="small"):
        for name, (value, meaning) in shown.items():
            st.metric(name, value, help=meaning, width="content")


def show_features(atlas: Atlas, view: View, which: UnitId, unit: Unit, found: UnitFeatures) -> None:
    lab = atlas.lab
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.markdown("**Features**", width="content")
        cut_control(atlas, view, lab)
    own = place_in(atlas, view, which, unit, found)
    lab_features(atlas, view, unit, found, own.feature if own and own.within_cut else None)
    st.caption(place_sentence(own, which, view))


def cut_control(atlas: Atlas, view: View, lab: Lab) -> None:
    st.session_state["_lab_cut"] = view.cut
    st.number_input(
        "Cut, cosine distance",
        0.0,
        2.0,
        step=0.01,
        format="%.4g",
        key="_lab_cut",
        width=170,
        help=markdown(
            f"Examples whose branches join at or below it share a feature. This lab’s cut is {lab.facts['cut']:g}."
        ),
        on_change=location.moved("_lab_cut", lambda cut: view.to(cut=round(cut, 4), feature=None).query(atlas)),
    )


def place_sentence(own: NearestFeature | None, which: UnitId, view: View) -> str:
    if own is None:
        return f"The picture above does not activate this {which.noun}."
    if own.within_cut:
        return (
            f"The picture above falls into feature {own.feature}, at mean distance {own.distance:.3f} from its images."
        )
    return (
        f"The picture above is unlike any seen: feature {own.feature} is nearest, at mean distance {own.distance:.3f}, "
        f"beyond the cut of {view.cut:g}."
    )
