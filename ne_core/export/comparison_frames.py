"""A comparison of spaces as a pandas DataFrame, over all neurons of an atlas."""

import pandas as pd

from ne_core.export.frames import plain
from ne_core.method.comparison import COMPARED, Comparison
from ne_core.method.separation import MEASURES


def comparison_frame(comparison: Comparison) -> pd.DataFrame:
    """Return a row for each neuron; `silhouette_of_a_in_b` is measured in space b, on the clusters of space a."""
    columns = {"layer": plain(comparison.layer), "neuron": plain(comparison.neuron)}
    for measure in MEASURES:
        for i, by in enumerate(COMPARED):
            for j, space in enumerate(COMPARED):
                columns[f"{measure}_of_{by}_in_{space}"] = getattr(comparison, measure)[:, i, j]
    return pd.DataFrame(columns)
