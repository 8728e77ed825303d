"""Choice of a unit of the lab, a latent of the current run or a hidden neuron, and the link to its neuron page."""

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


def controls(atlas: Atlas, view: View, unit_id: UnitId) -> None:
    """Show the controls. Previous, Next and Random skip dead units."""
    n_active = outcome_of(atlas, unit_id).n_active
    alive, run = np.flatnonzero(n_active), unit_id.run

    def to(number: int) -> dict[str, str]:
        return view.to_unit(run, number).query(atlas)

    def to_random() -> None:
        others = alive[alive != unit_id.number]
        location.go(to(random.choice(others.tolist())))

    st.session_state["_lab_of"] = LATENT if run is not None else NEURON
    st.session_state["_lab_number"] = unit_id.number
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
            other = beside(alive, unit_id.number, step)
            st.button(
                name,
                key=f"_{name.lower()}",
                icon=icon,
                on_click=location.go,
                args=(to(other),),
                disabled=other == unit_id.number,
            )
        has_others = len(alive[alive != unit_id.number]) > 0
        st.button("Random", key="_random", icon=":material/casino:", on_click=to_random, disabled=not has_others)
        st.caption(f"{len(alive):,} of {len(n_active):,} alive", width="content")


def other_kind(atlas: Atlas, view: View, kind: str) -> View:
    """Return the view of the first hidden neuron that is not dead, or of the run's strongest latent on the picture."""
    default = view.to(unit=None, neuron=None, feature=None)
    if kind == LATENT:
        return default
    alive = np.flatnonzero(outcome_of(atlas, UnitId(None, 0)).n_active)
    return default.to(neuron=int(alive[0]) if len(alive) else 0)


def link_to_neuron(atlas: Atlas, view: View, unit_id: UnitId) -> None:
    """Show a link to the unit's neuron page at the current cut, if an atlas contains the unit."""
    lab = atlas.lab
    name = lab.facts["neurons_atlas"] if unit_id.run is None else atlas.slug
    if unit_id.run is None:
        layer = 0 if name in atlas_sources.atlas_folders() else None
    else:
        layer = next((atlas.layers[i] for i, kind in enumerate(LAYERS) if lab.shown_runs[kind] == unit_id.run), None)
    if layer is None:
        return
    query = {"atlas": name, "layer": str(layer), "neuron": str(unit_id.number), "cut": f"{view.cut:g}"}
    query |= {} if view.feature is None else {"feature": str(view.feature)}
    st.page_link(
        page_file("neuron"),
        label=f"{unit_id.noun.capitalize()} {unit_id.number} on the neuron page, with its dendrogram",
        icon=":material/account_tree:",
        query_params=query,
    )
