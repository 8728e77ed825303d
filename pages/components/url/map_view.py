"""What the map shows, as a URL: coloured by what, which features, which are lit, and where one looks."""

from dataclasses import dataclass
from typing import NamedTuple

from ne_core.refs import FeatureRef
from pages.components.url import search_view
from pages.components.url.atlas_fields import feature
from pages.components.url.declared import Addressed
from pages.components.url.fields import choice, group, number

COLOURS = {"layer": "Layer", "size": "Size", "class": "Class"}
FURTHEST = 100.0  # times nearer than the whole map
ACROSS = "the map goes from 0 to 1"


class Place(NamedTuple):
    """The middle of what is seen, 0 to 1 from the left and from below; how near."""

    x: float
    y: float
    zoom: float


@dataclass(frozen=True)
class View(Addressed, page="map"):
    """One view of the map. `search` says which features are lit and of which layer or class are drawn."""

    search: search_view.View = group(search_view.View, final=lambda _, search: search.to(page=0))
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
        """With another search; where one looks stays."""
        return self.to(search=self.search.to(**changes))
