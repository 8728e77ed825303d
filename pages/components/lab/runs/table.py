"""Table of pairs of a standard and an NE run at matched L0, with links; the last row is the single-input dictionary."""

import numpy as np

from ne_core.atlas import Atlas
from ne_core.atlas.lab import Lab
from ne_core.lab.sweep import matched_pairs, reads_one_input
from pages.components.base.assets import component, drawn_key
from pages.components.text.lab_words import L0, MEASURES, written
from pages.components.url.lab_view import HIDE, View

TABLE = component(__file__, "table", html='<div id="box" tabindex="-1"><table></table></div>')
COLUMNS = ("fvu", "accuracy_lost", "mean_distance", "dead_share", "effective_inputs")
ROWS = 6


def show_table(atlas: Atlas, view: View) -> None:
    lab = atlas.lab
    allowed = ~reads_one_input(lab) if view.single == HIDE else np.ones(lab.n_runs, dtype=bool)
    pairs = matched_pairs(lab, ROWS, allowed)
    drawn = {
        "label": "Standard and NE runs of nearly the same L0",
        "head": [L0.short, *(MEASURES[name].short for name in COLUMNS)],
        "meanings": [lab.meaning(name) for name in ("l0", *COLUMNS)],
        "rows": [pair_row(atlas, view, pair.standard, pair.ne) for pair in pairs],
        "last": ["single inputs", *identity_cells(lab)],
    }
    TABLE(data={"key": drawn_key(drawn), **drawn}, key="lab_table")


def pair_row(atlas: Atlas, view: View, standard: int, ne: int) -> dict:
    lab = atlas.lab
    return {
        "name": f"runs {standard} and {ne}",
        "href": view.to_run(atlas, ne, standard).href(atlas),
        "current": set(view.runs) == {standard, ne},
        "cells": [pair_cell(lab, name, standard, ne) for name in ("l0", *COLUMNS)],
    }


def pair_cell(lab: Lab, name: str, standard: int, ne: int) -> dict:
    """Texts of two numbers, and the index of the better one; None if there is none."""
    measure = L0 if name == "l0" else MEASURES[name]
    values = [float(lab.runs[name][run]) for run in (standard, ne)]
    texts = [written(value, measure.style) for value in values]
    decided = name != "l0" and measure.less_is_better and texts[0] != texts[1]
    return {"texts": texts, "better": int(values[1] < values[0]) if decided else None}


def identity_cells(lab: Lab) -> list[str]:
    styles = {"l0": L0.style, **{name: MEASURES[name].style for name in COLUMNS}}
    return [written(float(lab.facts["identity"][name]), style) for name, style in styles.items()]
