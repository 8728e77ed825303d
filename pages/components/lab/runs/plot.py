"""Scatter plot of the sweep: runs by L0 and a measure, Pareto fronts, and the dictionary of single inputs."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas
from ne_core.atlas.lab import Lab
from ne_core.lab.sweep import of_kind, pareto_front, reads_one_input
from pages.components.base.assets import component, drawn_key
from pages.components.text.lab_words import L0, MEASURES, run_name, run_settings, written
from pages.components.url.lab_view import HIDE, View
from pages.components.widgets.plots.plot_axes import level_axis

PLOT = component(
    __file__,
    "plot",
    html='<div id="plot"></div><p id="key"></p><div id="tip" role="tooltip"></div>',
)
IDENTITY = "single inputs"


def show_plot(atlas: Atlas, view: View) -> None:
    lab, measure = atlas.lab, MEASURES[view.measure]
    runs = visible_runs(lab, view)
    singles = {name: lab.facts["identity"][name] for name in ("l0", view.measure)}
    l0, values = ([*lab.runs[name][runs].tolist(), single] for name, single in singles.items())
    drawn = {
        "label": f"The sweep: {measure.title} against {L0.title}. Arrow keys move between runs, Enter selects one.",
        "x": asdict(level_axis(0, max(l0), L0.title)),
        "y": asdict(level_axis(min(0, *values), max(values), measure.title)),
        "runs": [run_mark(atlas, view, run) for run in runs.tolist()],
        "fronts": fronts(lab, view, runs),
        "identity": {
            "x": singles["l0"],
            "y": singles[view.measure],
            "words": f"{IDENTITY}: a dictionary with one input for each latent, "
            f"{numbers(singles['l0'], singles[view.measure], view.measure)}",
        },
    }
    PLOT(data={"key": drawn_key(drawn), **drawn}, key="lab_plot")


def visible_runs(lab: Lab, view: View) -> Int[np.ndarray, " k"]:
    """Return all runs, or without those that read single inputs; the two selected runs are always included."""
    hidden = reads_one_input(lab) & (view.single == HIDE)
    hidden[list(view.runs)] = False
    return np.flatnonzero(~hidden)


def numbers(l0: float, value: float, name: str) -> str:
    measure = MEASURES[name]
    return f"L0 {written(l0, L0.style)}, {measure.short} {written(value, measure.style)}"


def run_mark(atlas: Atlas, view: View, run: int) -> dict:
    lab = atlas.lab
    l0, value = float(lab.runs["l0"][run]), float(lab.runs[view.measure][run])
    inputs = written(float(lab.runs["effective_inputs"][run]), MEASURES["effective_inputs"].style)
    return {
        "run": run,
        "x": l0,
        "y": value,
        "kind": lab.kind(run),
        "single": bool(reads_one_input(lab)[run]),
        "selected": "run" if run == view.run else "against" if run == view.against else None,
        "href": view.to_run(atlas, run).href(atlas),
        "words": f"{run_name(lab, run)}: {numbers(l0, value, view.measure)} · {inputs} effective inputs\n"
        f"{run_settings(lab, run)}",
    }


def fronts(lab: Lab, view: View, runs: Sequence[int] | Int[np.ndarray, " k"]) -> list[dict]:
    """Pareto front of each kind of runs, lower being better; none for a measure without a better direction."""
    if not MEASURES[view.measure].less_is_better:
        return []
    result = []
    for kind in ("standard", "ne"):
        candidates = np.intersect1d(of_kind(lab, kind), runs)
        best = candidates[pareto_front(lab.runs["l0"][candidates], lab.runs[view.measure][candidates])]
        points = [[float(lab.runs[name][run]) for name in ("l0", view.measure)] for run in best.tolist()]
        result.append({"kind": kind, "points": points})
    return result
