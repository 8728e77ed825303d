"""Tables over many neurons or features, for the Export menus of the pages that show them."""

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas
from pages.components.export import Table

MOST = 100_000  # features of one search that are exported, best first


def neurons_table(atlas: Atlas, rows: Int[np.ndarray, " n"]) -> Table:
    """The neurons of a view, in its order: all of them, not only those on the page."""

    def frame():
        from ne_core.frames import neurons_frame

        return neurons_frame(atlas, rows)

    return Table(f"These {len(rows):,} neurons, in this order", "neurons", frame)


def layers_table(atlas: Atlas) -> Table:
    def frame():
        from ne_core.frames import layers_frame

        return layers_frame(atlas)

    return Table("The layers: neurons, classes, quantiles", "layers", frame)


def features_table(atlas: Atlas, title: str, name: str, ids: Int[np.ndarray, " n"]) -> Table:
    """Features, a row each, in the order of `ids`."""

    def frame():
        from ne_core.frames import features_frame

        return features_frame(atlas, ids)

    return Table(title, name, frame)


def hits_table(atlas: Atlas, ids: Int[np.ndarray, " n"]) -> Table:
    """What a search finds."""
    first = "first " * (len(ids) > MOST)
    return features_table(atlas, f"The {first}{min(len(ids), MOST):,} features found", "search", ids[:MOST])
