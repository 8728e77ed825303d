"""One unit of the lab: its controls, its maps, what it does to the logits, how often it is active, and its features."""

import random

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas
from ne_core.lab.lab import Lab
from ne_core.lab.maps import Alone, average_example, importance_map
from ne_core.lab.meanings import Meanings, Place
from ne_core.lab.units import Unit, effective_inputs
from pages.components import frame, location
from pages.components.escape import markdown
from pages.components.lab_court import place_in
from pages.components.lab_data import Which, alone_of, meanings_of, seen_of, unit_of
from pages.components.lab_features import lab_features
from pages.components.lab_location import LAYERS, View, picture, shown_unit
from pages.components.lab_maps import PixelMap, lab_maps
from pages.components.lab_plots import activations_plot, effects_plot
from pages.components.lab_words import KINDS, written
from pages.components.nav import page_file
from pages.components.picker import beside
from pages.components.small_plot import small_plot

LATENT, NEURON = "Latent", "Hidden neuron"


def show_unit(atlas: Atlas, view: View) -> None:
    which = shown_unit(atlas, view)
    unit, found = unit_of(atlas, which), meanings_of(atlas, which.run, which.number)
    st.subheader(unit_title(atlas, view, which), anchor=False)
    controls(atlas, view, which)
    link_to_neuron(atlas, which)
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


def unit_title(atlas: Atlas, view: View, which: Which) -> str:
    if which.run is None:
        return f"Hidden neuron {which.number} of the MLP"
    return f"Latent {which.number} of run {which.run}, {KINDS[atlas.lab.kind(which.run)]}"


def controls(atlas: Atlas, view: View, which: Which) -> None:
    """A latent of the run in focus or a hidden neuron; previous, next and random never land on a dead one."""
    n_active = seen_of(atlas, which).n_active
    alive, run = np.flatnonzero(n_active), which.run

    def to(number: int) -> dict[str, str]:
        return view.to_unit(run, number).query(atlas)

    def to_random() -> None:
        others = alive[alive != which.number]
        location.go(to(random.choice(others.tolist())))

    st.session_state["_lab_of"] = LATENT if run is not None else NEURON
    st.session_state["_lab_number"] = which.number
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.segmented_control(
            "Unit",
            (LATENT, NEURON),
            key="_lab_of",
            required=True,
            on_change=location.moved("_lab_of", lambda kind: other_kind(atlas, view, kind).query(atlas)),
        )
        st.number_input(
            "Number",
            0,
            len(n_active) - 1,
            key="_lab_number",
            width=130,
            on_change=location.moved("_lab_number", to),
        )
        for name, step, icon in (("Previous", -1, ":material/chevron_left:"), ("Next", 1, ":material/chevron_right:")):
            other = beside(alive, which.number, step)
            st.button(
                name,
                key=f"_{name.lower()}",
                icon=icon,
                on_click=location.go,
                args=(to(other),),
                disabled=other == which.number,
            )
        enough = len(alive[alive != which.number]) > 0
        st.button("Random", key="_random", icon=":material/casino:", on_click=to_random, disabled=not enough)
        st.caption(f"{len(alive):,} of {len(n_active):,} alive", width="content")


def other_kind(atlas: Atlas, view: View, kind: str) -> View:
    """The first living hidden neuron, or the run's strongest latent on the picture."""
    plain = view.to(unit=None, neuron=None, feature=None)
    if kind == LATENT:
        return plain
    alive = np.flatnonzero(seen_of(atlas, Which(None, 0)).n_active)
    return plain.to(neuron=int(alive[0]) if len(alive) else 0)


def link_to_neuron(atlas: Atlas, which: Which) -> None:
    """Where an atlas shows the unit, the way to its page there."""
    lab = atlas.lab
    name = lab.facts["neurons_atlas"] if which.run is None else atlas.root.name
    if which.run is None:
        layer = 0 if name in frame.atlas_names(atlas.root.parent) else None
    else:
        layer = next((atlas.layers[i] for i, kind in enumerate(LAYERS) if lab.shown[kind] == which.run), None)
    if layer is None:
        return
    query = {"atlas": name, "layer": str(layer), "neuron": str(which.number)}
    st.page_link(
        page_file("neuron"),
        label=f"{which.noun.capitalize()} {which.number} on the neuron page, with its dendrogram",
        icon=":material/account_tree:",
        query_params=query,
    )


def show_maps(atlas: Atlas, view: View, which: Which, unit: Unit) -> None:
    """Activation, importance and this picture's share have one scale; the average example has its own."""
    lab, alone = atlas.lab, alone_of(atlas, which.run, which.number)
    average, now = average_example(lab.x[unit.examples]), picture(atlas, view)
    change = alone.change
    most = float(np.abs(change).max())
    seen = f"mean of its {len(unit.examples)} activating images" if len(unit.examples) else "none activates it"
    shown = [
        PixelMap("Activation map", "what each pixel can do to it alone", "pre-activation", change, most, True),
        PixelMap("Average example", seen, "brightness", average, 1.0, False),
        PixelMap(
            "Importance map",
            "activation map × average example",
            "pre-activation",
            importance_map(change, average),
            most,
            True,
        ),
        PixelMap(
            "On this picture",
            "activation map × the picture above",
            "pre-activation",
            importance_map(change, now),
            most,
            True,
        ),
    ]
    lab_maps(shown, lab.shape)
    st.caption(maps_words(alone, which))


def maps_words(alone: Alone, which: Which) -> str:
    fire = int((alone.activation > 0).sum())
    how = (
        "its weight, since it reads the pixels"
        if which.run is None
        else "exact, since the way from one pixel through the hidden layer is linear between the points where a hidden "
        "neuron comes on, and all of those are looked at"
    )
    most = written(float(alone.activation.max()), ".2f")
    fires = f"{fire} pixels can activate it alone, at most to {most}" if fire else "no pixel alone activates it"
    if alone.dark > 0:
        fires = f"it is active on a dark image too, and one pixel can bring it to {most}"
    return (
        "Activation map: the largest change of the pre-activation that a pixel can make alone, over its values from 0 "
        f"to 1, on a dark image (where it is {written(alone.dark, '.2f')}): {how}. Orange raises, blue lowers; {fires}."
        " What pixels do only together is not in it."
    )


def effects_words(which: Which) -> str:
    through = "its decoder row through the MLP’s output weights" if which.run is not None else "its output weights"
    return f"What one unit of activation adds to each logit, less the mean over classes: {through}."


def show_measures(view: View, unit: Unit, found: Meanings) -> None:
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


def show_features(atlas: Atlas, view: View, which: Which, unit: Unit, found: Meanings) -> None:
    lab = atlas.lab
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.markdown("**Features**", width="content")
        cut_control(atlas, view, lab)
    own = place_in(atlas, view, which, unit, found)
    lab_features(atlas, view, unit, found, own.feature if own and own.falls_in else None)
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


def place_sentence(own: Place | None, which: Which, view: View) -> str:
    if own is None:
        return f"The picture above does not activate this {which.noun}."
    if own.falls_in:
        return (
            f"The picture above falls into feature {own.feature}, at mean distance {own.distance:.3f} from its images."
        )
    return (
        f"The picture above is unlike any seen: feature {own.feature} is nearest, at mean distance {own.distance:.3f}, "
        f"beyond the cut of {view.cut:g}."
    )
