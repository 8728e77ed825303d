"""Table of the two runs and the dictionary of single inputs: settings and held-out measures."""

from ne_core.atlas import Atlas
from ne_core.atlas.lab import Lab
from pages.components.base.assets import component, drawn_key
from pages.components.text.lab_words import KINDS, L0, MEASURES, ordered, written
from pages.components.url.lab_view import View

RUNS = component(__file__, "runs", html='<table id="runs"></table>')


def show_runs(atlas: Atlas, view: View) -> None:
    lab = atlas.lab
    runs = ordered(lab, view.runs)
    drawn = {
        "label": "Settings and held-out measures of both runs",
        "heads": [
            {
                "title": f"run {run}",
                "kind": lab.kind(run),
                "kind_name": KINDS[lab.kind(run)],
                "current": run == view.run,
            }
            for run in runs
        ],
        "last": "single inputs",
        "rows": [*setting_rows(lab, runs), *measure_rows(lab, runs)],
    }
    RUNS(data={"key": drawn_key(drawn), **drawn}, key="lab_runs")


def setting_rows(lab: Lab, runs: list[int]) -> list[dict]:
    titles = {"lambda1": "λ₁ (L1 loss)", "lambda2": "λ₂ (NE loss)", "seed": "Seed"}
    return [
        {"name": title, "meaning": "", "cells": [f"{lab.runs[name][run].item():g}" for run in runs] + [""]}
        for name, title in titles.items()
    ]


def measure_rows(lab: Lab, runs: list[int]) -> list[dict]:
    """Rows of measures; their meanings come from the file of the lab."""
    rows = []
    for name, measure in {"l0": L0, **MEASURES}.items():
        values = [*(float(lab.runs[name][run]) for run in runs), float(lab.facts["identity"][name])]
        cells = [written(value, measure.style) for value in values]
        rows.append({"name": measure.short, "meaning": lab.meaning(name), "cells": cells})
    return rows
