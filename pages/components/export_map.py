"""What the map page exports: the features that are drawn, or those of them that a search lit."""

import numpy as np
from jaxtyping import Bool

from ne_core.atlas import Atlas
from pages.components import export
from pages.components.export_tables import most_table
from pages.components.map_location import View

Flags = Bool[np.ndarray, " n"]


def map_menu(atlas: Atlas, view: View, drawn: Flags, lit: Flags | None) -> None:
    tables = [most_table(atlas, np.flatnonzero(drawn), "features drawn", "map")]
    if lit is not None:
        tables.insert(0, most_table(atlas, np.flatnonzero(drawn & lit), "features lit", "map-lit"))
    export.menu(atlas, view.query(atlas), "map", tables=tables)
