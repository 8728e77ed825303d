"""The sweep as a picture: a mark for every run, L0 across and a measure up, the fronts, and the single-input mark."""

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
from pages.components.widgets.plot_axes import level_axis

PLOT = component(
    __file__,
    "lab_plot",
    html='<div id="plot"></div><p id="key"></p><div id="tip" role="tooltip"></div>',
)
IDENTITY = "single inputs"


def lab_plot(atlas: Atlas, view: View) -> None:
    lab, measure = atlas.lab, MEASURES[view.measure]
    runs = shown_runs(lab, view)
    at_l0, at_up = (lab.facts["identity"][name] for name in ("l0", view.measure))
    across, up = ([*lab.runs[name][runs].tolist(), end] for name, end in (("l0", at_l0), (view.measure, at_up)))
    drawn = {
        "label": f"The sweep: {measure.title} against {L0.title}. Arrow keys move between runs, Enter picks one.",
        "x": asdict(level_axis(0, max(across), L0.title)),
        "y": asdict(level_axis(min(0, *up), max(up), measure.title)),
        "runs": [run_mark(atlas, view, run) for run in runs.tolist()],
        "fronts": fronts(lab, view, runs),
        "identity": {
            "x": at_l0,
            "y": at_up,
            "words": f"{IDENTITY}: a dictionary with one input a latent, {numbers(at_l0, at_up, view.measure)}",
        },
    }
    PLOT(data={"key": drawn_key(drawn), **drawn}, key="lab_plot")


def shown_runs(lab: Lab, view: View) -> Int[np.ndarray, " k"]:
    """All, or those that read more than single inputs; the two that are chosen in any case."""
    hidden = reads_one_input(lab) & (view.single == HIDE)
    hidden[list(view.runs)] = False
    return np.flatnonzero(~hidden)


def numbers(l0: float, up: float, name: str) -> str:
    measure = MEASURES[name]
    return f"L0 {written(l0, L0.style)}, {measure.short} {written(up, measure.style)}"


def run_mark(atlas: Atlas, view: View, run: int) -> dict:
    lab = atlas.lab
    l0, up = float(lab.runs["l0"][run]), float(lab.runs[view.measure][run])
    inputs = written(float(lab.runs["effective_inputs"][run]), MEASURES["effective_inputs"].style)
    return {
        "run": run,
        "x": l0,
        "y": up,
        "kind": lab.kind(run),
        "single": bool(reads_one_input(lab)[run]),
        "chosen": "run" if run == view.run else "against" if run == view.against else None,
        "href": view.to_run(atlas, run).href(atlas),
        "words": f"{run_name(lab, run)}: {numbers(l0, up, view.measure)} · {inputs} effective inputs\n"
        f"{run_settings(lab, run)}",
    }


def fronts(lab: Lab, view: View, runs: Sequence[int] | Int[np.ndarray, " k"]) -> list[dict]:
    """Of each kind, the runs that no other of it beats in both; none where more may be better."""
    if not MEASURES[view.measure].less_is_better:
        return []
    found = []
    for kind in ("standard", "ne"):
        those = np.intersect1d(of_kind(lab, kind), runs)
        best = those[pareto_front(lab.runs["l0"][those], lab.runs[view.measure][those])]
        points = [[float(lab.runs[name][run]) for name in ("l0", view.measure)] for run in best.tolist()]
        found.append({"kind": kind, "points": points})
    return found
