"""One unit of the lab: its maps, effects on the logits, activations, measures and features."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.lab import Lab
from ne_core.lab.unit_features import NearestFeature, UnitFeatures
from ne_core.lab.units import Unit
from ne_core.method.measures import effective_inputs
from pages.components.base.escape import markdown
from pages.components.cached.lab_data import UnitId, meanings_of, unit_of
from pages.components.lab.runs.head_to_head import nearest_to_picture
from pages.components.lab.unit.lab_features import feature_groups
from pages.components.lab.unit.unit_controls import controls, link_to_neuron
from pages.components.lab.unit.unit_maps import show_maps
from pages.components.lab.unit.unit_plots import activations_plot, effects_plot
from pages.components.text.lab_words import KINDS, written
from pages.components.url import location
from pages.components.url.lab_view import View, current_unit
from pages.components.widgets.plots.small_plot import small_plot


def show_unit(atlas: Atlas, view: View) -> None:
    unit_id = current_unit(atlas, view)
    unit, features = unit_of(atlas, unit_id), meanings_of(atlas, unit_id.run, unit_id.number)
    st.subheader(unit_title(atlas, view, unit_id), anchor=False)
    controls(atlas, view, unit_id)
    link_to_neuron(atlas, view, unit_id)
    show_maps(atlas, view, unit_id, unit)
    left, right = st.columns(2, gap="medium")
    noun = f"{unit_id.noun} {unit_id.number}"
    with left:
        st.markdown("**Effect on the logits**")
        small_plot(effects_plot(atlas.lab, unit, noun), name="lab_effects")
        st.caption(effects_words(unit_id))
    with right:
        st.markdown("**Activations**")
        small_plot(activations_plot(unit, noun), name="lab_activations")
        st.caption(f"On all {len(atlas.lab.images):,} images, on a logarithmic scale.")
    if features is None:
        st.info(
            f"This {unit_id.noun} is dead: no image activates it, so it has no features.", icon=":material/bedtime:"
        )
        return
    show_measures(view, unit, features)
    show_features(atlas, view, unit_id, unit, features)


def unit_title(atlas: Atlas, view: View, unit_id: UnitId) -> str:
    if unit_id.run is None:
        return f"Hidden neuron {unit_id.number} of the MLP"
    return f"Latent {unit_id.number} of run {unit_id.run}, {KINDS[atlas.lab.kind(unit_id.run)]}"


def effects_words(unit_id: UnitId) -> str:
    through = "its decoder row through the MLP’s output weights" if unit_id.run is not None else "its output weights"
    return f"What one unit of activation adds to each logit, less the mean over classes: {through}."


def show_measures(view: View, unit: Unit, features: UnitFeatures) -> None:
    measured = features.measures(view.cut)
    values = {
        "Active on": (f"{len(unit.active):,}", "Images of the lab that activate this unit."),
        "Examples": (f"{measured.n_examples}", "The first of these images, which are clustered."),
        "Features": (f"{measured.n_features}", "Clusters of the examples at the cut."),
        "Mean distance": (
            written(measured.mean_distance, ".3f"),
            "Mean cosine distance between the examples’ neuron embeddings.",
        ),
        "Within features": (written(measured.intra_distance, ".3f"), "Between examples of the same feature."),
        "Between features": (written(measured.inter_distance, ".3f"), "Between examples of different features."),
        "Effective inputs": (
            written(effective_inputs(unit.embeddings), ".1f"),
            "Number of inputs over which embeddings are spread, 1/Σp². Near 1, distances are small by construction.",
        ),
    }
    with st.container(horizontal=True, gap="small"):
        for name, (value, meaning) in values.items():
            st.metric(name, value, help=meaning, width="content")


def show_features(atlas: Atlas, view: View, unit_id: UnitId, unit: Unit, features: UnitFeatures) -> None:
    lab = atlas.lab
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.markdown("**Features**", width="content")
        cut_control(atlas, view, lab)
    nearest = nearest_to_picture(atlas, view, unit_id, unit, features)
    picture_feature = nearest.feature if nearest and nearest.within_cut else None
    feature_groups(atlas, view, unit, features, picture_feature)
    st.caption(nearest_sentence(nearest, unit_id, view))


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
            "Examples whose branches join at or below this distance share a feature. "
            f"This lab’s cut is {lab.facts['cut']:g}."
        ),
        on_change=location.moved("_lab_cut", lambda cut: view.to(cut=round(cut, 4), feature=None).query(atlas)),
    )


def nearest_sentence(nearest: NearestFeature | None, unit_id: UnitId, view: View) -> str:
    if nearest is None:
        return f"The picture above does not activate this {unit_id.noun}."
    if nearest.within_cut:
        return (
            f"The picture above belongs to feature {nearest.feature}, at mean distance {nearest.distance:.3f} "
            "from its images."
        )
    return (
        f"The picture above belongs to no feature: the nearest, feature {nearest.feature}, is at mean distance "
        f"{nearest.distance:.3f}, above the cut of {view.cut:g}."
    )
