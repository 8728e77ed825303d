"""Which unit of the lab is shown: a latent of the run in focus or a hidden neuron; and the way to its neuron page."""

import random

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas
from pages.components.cached.lab_data import UnitId, outcome_of
from pages.components.shell import atlas_sources
from pages.components.shell.nav import page_file
from pages.components.url import location
from pages.components.url.lab_view import LAYERS, View
from pages.components.widgets.picker import beside

LATENT, NEURON = "Latent", "Hidden neuron"


def controls(atlas: Atlas, view: View, which: UnitId) -> None:
    """A latent of the run in focus or a hidden neuron; previous, next and random never land on a dead one."""
    n_active = outcome_of(atlas, which).n_active
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
    alive = np.flatnonzero(outcome_of(atlas, UnitId(None, 0)).n_active)
    return plain.to(neuron=int(alive[0]) if len(alive) else 0)


def link_to_neuron(atlas: Atlas, view: View, which: UnitId) -> None:
    """Where an atlas shows the unit, the way to its page there, at the cut that counts its features here."""
    lab = atlas.lab
    name = lab.facts["neurons_atlas"] if which.run is None else atlas.slug
    if which.run is None:
        layer = 0 if name in atlas_sources.atlas_folders() else None
    else:
        layer = next((atlas.layers[i] for i, kind in enumerate(LAYERS) if lab.shown_runs[kind] == which.run), None)
    if layer is None:
        return
    query = {"atlas": name, "layer": str(layer), "neuron": str(which.number), "cut": f"{view.cut:g}"}
    query |= {} if view.feature is None else {"feature": str(view.feature)}
    st.page_link(
        page_file("neuron"),
        label=f"{which.noun.capitalize()} {which.number} on the neuron page, with its dendrogram",
        icon=":material/account_tree:",
        query_params=query,
    )
