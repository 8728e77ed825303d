"""Table of one page of the ranking: headings sort, and every row is a link to its neuron."""

from collections.abc import Sequence

import numpy as np

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.method.classes import CLASSES
from ne_core.queries.ranking import Ranking
from ne_core.refs import NeuronRef
from pages.components.base.assets import component, drawn_key
from pages.components.text.labels import brief, label
from pages.components.text.measure_columns import Column, columns
from pages.components.url.links import neuron_href
from pages.components.url.ranking_view import View

TABLE = component(
    __file__,
    "ranking_table",
    html='<div id="box" tabindex="-1"><table><thead></thead><tbody></tbody></table></div>'
    '<div id="tip" role="tooltip"></div>',
)
NAMED = 4  # features whose name is shown


def ranking_table(atlas: Atlas, ranking: Ranking, rows: Sequence[int], view: View) -> None:
    data = {
        "label": atlas.manifest.vocabulary.Units,
        "columns": [heading(atlas, name, view) for name in columns(atlas.manifest)],
        "rows": [table_row(atlas, ranking, row) for row in rows],
    }
    TABLE(data={"key": drawn_key(data), **data}, key="ranking")


def heading(atlas: Atlas, name: str, view: View) -> dict:
    column, is_sorted = columns(atlas.manifest)[name], name == view.sort
    return {
        "title": column.title,
        "unit": column.unit,
        "meaning": column.meaning,
        "href": view.sorted_by(name).href(atlas),
        "sorted": ("descending" if view.falling else "ascending") if is_sorted else None,
    }


def table_row(atlas: Atlas, ranking: Ranking, row: int) -> dict:
    """Row of a neuron: its address, its class, the names of its features, and its formatted measures."""
    ref = NeuronRef(int(ranking.columns["layer"][row]), int(ranking.columns["neuron"][row]))
    texts = [cell(ranking, column, row) for column in columns(atlas.manifest).values()]
    ids = atlas.feature_ids(ref)
    return {
        "href": neuron_href(atlas, ref),
        "name": ref_name(atlas.manifest, ref),
        "kind": CLASSES[ranking.columns["class"][row]],
        "cells": texts[1:],
        "label": brief([label(atlas, id) for id in ids[:NAMED]]),
        "has_others": len(ids) > NAMED,
    }


def cell(ranking: Ranking, column: Column, row: int) -> str:
    """Format a number, with the ends of its interval if there is one."""
    text = column.text(ranking.columns[column.source][row].item())
    ends = [ranking.columns[name][row].item() for name in column.ends or ()]
    return f"{text} [{column.text(ends[0])}–{column.text(ends[1])}]" if ends and np.isfinite(ends).all() else text
