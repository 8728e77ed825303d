"""The sweep: its plot with the choice of a measure, the two selected runs, and pairs of runs of similar sparsity."""

from dataclasses import replace

import streamlit as st

from ne_core.atlas import Atlas
from pages.components.lab.runs.plot import show_plot
from pages.components.lab.runs.runs import show_runs
from pages.components.lab.runs.table import show_table
from pages.components.text.lab_words import KINDS, L0, MEASURES, written
from pages.components.url import location
from pages.components.url.lab_view import ALL, HIDE, View

WIDE, NARROW = 1.4, 1


def show_sweep(atlas: Atlas, view: View) -> None:
    st.subheader("The sweep", anchor=False)
    left, right = st.columns([WIDE, NARROW], gap="medium")
    with left:
        controls(atlas, view)
        show_plot(atlas, view)
    with right:
        run_controls(atlas, view)
        show_runs(atlas, view)
    show_table(atlas, view)


def controls(atlas: Atlas, view: View) -> None:
    st.session_state["_lab_measure"], st.session_state["_lab_single"] = view.measure, view.single == HIDE
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.selectbox(
            "Measure",
            list(MEASURES),
            key="_lab_measure",
            format_func=lambda name: MEASURES[name].title,
            width=260,
            on_change=location.moved(
                "_lab_measure", lambda name: replace(view, measure=name).query(atlas), list(MEASURES)
            ),
        )
        st.toggle(
            "Hide single-input runs",
            key="_lab_single",
            help="Hides runs whose median latent reads about one input. Such a latent has a mean distance of 0 by "
            "construction, so the low distance of the run means nothing.",
            on_change=location.moved(
                "_lab_single", lambda hide: replace(view, single=HIDE if hide else ALL).query(atlas)
            ),
        )


def run_controls(atlas: Atlas, view: View) -> None:
    """Show selectors of the current run and of the run compared with it."""
    lab = atlas.lab
    st.session_state["_lab_run"], st.session_state["_lab_against"] = view.runs
    runs = list(range(lab.n_runs))

    def run_title(run: int) -> str:
        return f"{run} · {KINDS[lab.kind(run)]} · L0 {written(float(lab.runs['l0'][run]), L0.style)}"

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Run",
            runs,
            key="_lab_run",
            format_func=run_title,
            width="stretch",
            on_change=location.moved("_lab_run", lambda run: view.to_run(atlas, run).query(atlas), runs),
        )
        st.selectbox(
            "Against",
            runs,
            key="_lab_against",
            format_func=run_title,
            width="stretch",
            on_change=location.moved("_lab_against", lambda run: view.to_run(atlas, view.run, run).query(atlas), runs),
        )
