"""What the map shows, as a URL: coloured by what, which features, which are lit, and where one looks."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef
from pages.components.url import location, search_view

COLOURS = {"layer": "Layer", "size": "Size", "class": "Class"}
FURTHEST = 100.0  # times nearer than the whole map

Place = tuple[float, float, float]  # the middle of what is seen, 0 to 1 from the left and from below; how near


@dataclass(frozen=True)
class View:
    """One view of the map. `search` says which features are lit and of which layer or class are drawn."""

    search: search_view.View
    colour: str = "layer"
    show: FeatureRef | None = None
    place: Place | None = None

    def to(self, **changes) -> "View":
        return replace(self, **changes)

    def searching(self, **changes) -> "View":
        """With another search; where one looks stays."""
        return replace(self, search=self.search.to(**changes))

    def query(self, atlas: Atlas) -> dict[str, str]:
        """The URL, shortest form."""
        wanted = {
            "colour": self.colour if self.colour != "layer" else "",
            "show": self.show.dotted if self.show else "",
            **(dict(zip(("x", "y", "zoom"), (f"{each:g}" for each in self.place), strict=True)) if self.place else {}),
        }
        return self.search.query(atlas) | {name: value for name, value in wanted.items() if value}

    def href(self, atlas: Atlas) -> str:
        """The address, from any page."""
        return f"map?{urlencode(self.query(atlas))}"


def read_view(atlas: Atlas, at: location.Location) -> View:
    search = search_view.read_view(atlas, at)
    colour = at.choice("colour", tuple(COLOURS), "layer", "points are coloured by")
    return View(search.to(page=0), colour, search_view.read_ref(atlas, at, "show"), read_place(at))


def read_place(at: location.Location) -> Place | None:
    """Where the URL looks; None without it."""
    if not {"x", "y", "zoom"} & at.asked.keys():
        return None
    across = "the map goes from 0 to 1"
    nearness = f"the map is magnified 1 to {FURTHEST:g} times"
    x, y = (at.number(name, 0.0, 1.0, 0.5, across) for name in ("x", "y"))
    return x, y, at.number("zoom", 1.0, FURTHEST, 1.0, nearness)
