"""The view of the page Map, as a URL: the colouring, the features drawn and highlighted, and the visible area."""

from dataclasses import dataclass, fields
from functools import partial
from typing import NamedTuple

from ne_core.refs import FeatureRef
from pages.components.url import search_view
from pages.components.url.atlas_fields import feature
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import choice, group, number

COLOURS = {"layer": "Layer", "size": "Size", "class": "Class"}
FURTHEST = 100.0  # largest magnification
ACROSS = "a position on the map is a number from 0 to 1"


def usual_mode(c: Context) -> str:
    """Default mode of the map's search: features that fire on the text; images have no text but their labels."""
    return "words" if c.atlas.manifest.images else "token"


SEARCH = {each.name: each for each in fields(search_view.View)} | {"mode": search_view.mode_field(usual_mode)}


class Place(NamedTuple):
    """Centre of the visible area, 0 to 1 from the left and from below, and its magnification."""

    x: float
    y: float
    zoom: float


@dataclass(frozen=True)
class View(Addressed, page="map"):
    """One view of the map. `search` selects the highlighted features, and the layer and class that are drawn."""

    search: search_view.View = group(
        partial(search_view.View, mode=None), final=lambda _, search: search.to(page=0), **SEARCH
    )
    colour: str = choice(tuple(COLOURS), "points are coloured by", usual="layer")
    show: FeatureRef | None = feature()
    place: Place | None = group(
        Place,
        x=number(0.0, 1.0, ACROSS, usual=0.5, always=True),
        y=number(0.0, 1.0, ACROSS, usual=0.5, always=True),
        zoom=number(1.0, FURTHEST, f"the map is magnified 1 to {FURTHEST:g} times", usual=1.0, always=True),
        usual=lambda _: None,
    )

    def searching(self, **changes) -> "View":
        """Return the view with a changed search, in the same place."""
        return self.to(search=self.search.to(**changes))
