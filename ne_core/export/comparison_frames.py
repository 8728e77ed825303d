"""Spaces compared as pandas DataFrames: over all neurons of an atlas. As ne_core/export/frames.py does."""

import pandas as pd

from ne_core.export.frames import plain
from ne_core.method.comparison import COMPARED, Comparison
from ne_core.method.separation import MEASURES


def comparison_frame(found: Comparison) -> pd.DataFrame:
    """A row for each neuron; `silhouette_of_a_in_b` is measured in the space b, on the clusters that a made."""
    columns = {"layer": plain(found.layer), "neuron": plain(found.neuron)}
    for measure in MEASURES:
        for i, by in enumerate(COMPARED):
            for j, space in enumerate(COMPARED):
                columns[f"{measure}_of_{by}_in_{space}"] = getattr(found, measure)[:, i, j]
    return pd.DataFrame(columns)
