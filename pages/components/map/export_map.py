"""Exports of the map: tables of the features drawn and highlighted, and the whole map as a figure."""

import numpy as np
from jaxtyping import Bool, Int

from ne_core.atlas import Atlas
from pages.components.map.colours import legend
from pages.components.map.points import largest, points_of, size_steps
from pages.components.url.map_view import View
from pages.components.widgets import export
from pages.components.widgets.export import Page
from pages.components.widgets.export_tables import most_table

Flags = Bool[np.ndarray, " n"]
DOTS = 200_000  # features in an exported figure, the largest first: with more, no program would open the file


def map_menu(atlas: Atlas, view: View, drawn: Flags, lit: Flags | None) -> None:
    tables = [most_table(atlas, np.flatnonzero(drawn), "features drawn", "map")]
    if lit is not None:
        tables.insert(0, most_table(atlas, np.flatnonzero(drawn & lit), "features highlighted", "map-lit"))
    selection = f"the {DOTS:,} largest features" if drawn.sum() > DOTS else "all features drawn"
    drawings = [
        Page(f"Whole map, {selection}, as SVG", "map", lambda: picture(atlas, view, drawn, lit), "svg"),
        Page(f"Whole map, {selection}, as HTML", "map", lambda: page(picture(atlas, view, drawn, lit))),
    ]
    export.menu(atlas, view.query(atlas), "map", tables=tables, drawings=drawings)


def picture(atlas: Atlas, view: View, drawn: Flags, lit: Flags | None) -> str:
    from ne_core.export.svg.map import map_svg

    ids, colours = np.array(largest(atlas.features["size"], drawn, DOTS), dtype=np.int64), legend(atlas, view.colour)
    ids.sort()
    return map_svg(
        points_of(atlas).positions[ids],
        numbers(atlas, view.colour)[ids],
        colours.names,
        [colour.light for colour in colours.colours],
        lit=None if lit is None else lit[ids],
        legend=colours.title,
        title=f"Features of {atlas.slug}, similar ones close together",
    )


def page(svg: str) -> str:
    from ne_core.export.figure_page import svg_page

    return svg_page(svg, "Map of features")


def numbers(atlas: Atlas, colour: str) -> Int[np.ndarray, " n"]:
    """Index of every feature in the legend; features are stored by neuron, in the order of the neurons."""
    if colour == "size":
        return size_steps(atlas.features["size"])
    if colour == "class":
        from ne_core.queries.ranking import ranking

        return np.repeat(ranking(atlas).columns["class"], atlas.neurons["n_features"]).astype(np.int64)
    return np.searchsorted(atlas.layers, atlas.features["layer"])
