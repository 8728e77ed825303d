"""Tables of many neurons or features, for the Export menus."""

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas
from ne_core.refs import dashed
from pages.components.matching.find import SearchResults
from pages.components.url.search_view import View
from pages.components.widgets.export import Table

MOST = 100_000  # features in one export, best first


def neurons_table(atlas: Atlas, rows: Int[np.ndarray, " n"]) -> Table:
    """Table of all neurons of a view, in its order, not only those on the current page."""

    def frame():
        from ne_core.export.frames import neurons_frame

        return neurons_frame(atlas, rows)

    return Table(f"These {len(rows):,} {atlas.manifest.vocabulary.units}, in this order", "neurons", frame)


def layers_table(atlas: Atlas) -> Table:
    def frame():
        from ne_core.export.frames import layers_frame

        return layers_frame(atlas)

    return Table(f"The layers: {atlas.manifest.vocabulary.units}, classes, quantiles", "layers", frame)


def features_table(atlas: Atlas, title: str, name: str, ids: Int[np.ndarray, " n"]) -> Table:
    """Table of features, one row each, in the order of `ids`."""

    def frame():
        from ne_core.export.frames import features_frame

        return features_frame(atlas, ids)

    return Table(title, name, frame)


def hits_table(atlas: Atlas, view: View, results: SearchResults) -> Table:
    """Table of search results; for features similar to one, with that feature, the space, and the cosines."""
    if view.like is None:
        return most_table(atlas, results.ids, "features found", "search")

    def frame():
        from ne_core.export.frames import like_frame

        return like_frame(atlas, view.like, view.space, results.ids, results.cosines)

    title = f"The {len(results.ids):,} features found"
    return Table(title, f"search-like-{dashed(view.like)}-{view.space}", frame)


def most_table(atlas: Atlas, ids: Int[np.ndarray, " n"], what: str, name: str) -> Table:
    """Table of the first MOST features; its title gives the number."""
    first = "first " * (len(ids) > MOST)
    return features_table(atlas, f"The {first}{min(len(ids), MOST):,} {what}", name, ids[:MOST])
