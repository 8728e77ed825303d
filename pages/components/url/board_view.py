"""What the board shows, as a URL: sorted by which column, which neurons, which page. Read, checked and written here."""

import math
import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from ne_core.atlas import Atlas
from ne_core.atlas.manifest import Manifest
from ne_core.method.classes import CLASSES
from ne_core.queries.board import Board, Filter
from pages.components.text.measure_columns import COLUMNS, Column, columns
from pages.components.text.page_words import pages_there_are
from pages.components.url import links, location

PAGE = 50  # rows at a time
SORT = "features"
RANGES = {  # in the URL: on the board
    "features": "features",
    "random": "random",
    "size": "n_examples",
    "distance": "mean_distance",
}
NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,6})?"

Range = tuple[float | None, float | None]


@dataclass(frozen=True)
class View:
    """One view of the board. `ranges` goes by the names in the URL; without an order it is the column's own."""

    sort: str = SORT
    descending: bool | None = None
    layer: int | None = None
    kind: str | None = None
    ranges: tuple[tuple[str, Range], ...] = ()
    page: int = 0

    @property
    def column(self) -> Column:
        return COLUMNS[self.sort]

    @property
    def falling(self) -> bool:
        return self.column.descending if self.descending is None else self.descending

    @property
    def span(self) -> range:
        """Places of the rows on this page, among all that pass."""
        return range(self.page * PAGE, (self.page + 1) * PAGE)

    @property
    def filter(self) -> Filter:
        return Filter(self.layer, self.kind, tuple((RANGES[name], *ends) for name, ends in self.ranges))

    def to(self, **changes) -> "View":
        """The view after a change, from its first page on unless the change is of the page."""
        return replace(self, **{"page": 0, **changes})

    def sorted_by(self, column: str) -> "View":
        """What a click on a column's heading shows: sorted by it, the other way round if it was already."""
        return self.to(sort=column, descending=not self.falling if column == self.sort else None)

    def within(self, name: str, ends: Range) -> "View":
        """With another range; one without ends is none."""
        others = tuple(each for each in self.ranges if each[0] != name)
        return self.to(ranges=others if ends == (None, None) else (*others, (name, ends)))

    def query(self, atlas: Atlas) -> dict[str, str]:
        """The URL, shortest form."""
        as_usual = self.falling == self.column.descending
        wanted = {
            "sort": "" if self.sort == SORT else self.sort,
            "order": "" if as_usual else ("desc" if self.falling else "asc"),
            "layer": "" if self.layer is None else str(self.layer),
            "class": self.kind or "",
            **{name: "-".join(map(spelled, ends)) for name, ends in self.ranges},
            "page": str(self.page) if self.page else "",
        }
        return links.atlas_query(atlas, {name: value for name, value in wanted.items() if value})

    def href(self, atlas: Atlas) -> str:
        """The address, from any page."""
        return f"board?{urlencode(self.query(atlas))}"


def spelled(end: float | None) -> str:
    """As it can be read again: a million is no 1e+06."""
    return "" if end is None else f"{end:.6f}".rstrip("0").rstrip(".")


def read_view(atlas: Atlas, board: Board, at: location.Location) -> View:
    """The view that the URL asks for, but for the page, which depends on how many neurons it has."""
    sort = at.choice("sort", tuple(columns(atlas.manifest)), SORT, "the columns are")
    usual = "desc" if COLUMNS[sort].descending else "asc"
    order = at.choice("order", ("asc", "desc"), usual, "the orders are")
    layers = f"this atlas has {location.numbers(atlas.layers, 'layer')}"
    layer = at.whole("layer", atlas.layers, atlas.layers[0], layers) if "layer" in at.asked else None
    kind = at.choice("class", CLASSES, CLASSES[0], "the classes are") if "class" in at.asked else None
    kind = kind if at.asked.get("class") == kind else None  # a wrong class is no filter
    view = View(sort, order == "desc", layer, kind)
    for name in RANGES:
        view = view.within(name, read_range(board, at, name))
    return view


def read_range(board: Board, at: location.Location, name: str) -> Range:
    """“2-10”, “2-” or “-10”."""
    text = at.asked.get(name)
    if text is None:
        return None, None
    found = re.fullmatch(rf"({NUMBER})?-({NUMBER})?", text)
    least, most = (float(end) if end else None for end in found.groups()) if found else (None, None)
    if not found or (least is not None and most is not None and least > most):
        low, high = ends(board, name)
        at.wrong(name, f"a range is written 2-10, 2- or -10; here values lie between {low:g} and {high:g}")
        return None, None
    return least, most


def pages_of(n_found: int) -> range:
    """Without any row there still is a page that says so."""
    return range(max(1, math.ceil(n_found / PAGE)))


def read_page(at: location.Location, view: View, n_found: int) -> View:
    pages = pages_of(n_found)
    return replace(view, page=at.whole("page", pages, 0, f"this view has {pages_there_are(len(pages))}"))


def ends(board: Board, name: str) -> tuple[float, float]:
    """The ends of what a range can be, rounded outwards: whole numbers, or hundredths for distances."""
    low, high = board.ends(RANGES[name]) or (0, 0)
    scale = 100 if name == "distance" else 1
    return math.floor(low * scale) / scale, math.ceil(high * scale) / scale


PRESETS = {
    "Primary and rare": View("inter", kind="primary-rare"),
    "Related meanings": View("inter", False, None, "related", (("features", (3.0, None)), ("size", (10.0, None)))),
    "Most features": View(),
    "Highest mean distance": View("mean"),
}
COMPARED = {
    "Fewer meanings than chance": View("random", False, ranges=(("random", (None, 5.0)),)),
    "More meanings than chance": View("random", ranges=(("random", (95.0, None)),)),
}


def presets(manifest: Manifest) -> dict[str, View]:
    """Ready-made views of an atlas, by name."""
    return PRESETS if manifest.rarefied is None else PRESETS | COMPARED
