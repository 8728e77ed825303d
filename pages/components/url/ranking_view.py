"""The view of the page Ranking, as a URL: the column and order of sorting, the filters, the page."""

import math
import re
from dataclasses import Field, dataclass

from ne_core.queries.ranking import Filter, Ranking
from pages.components.text.measure_columns import COLUMNS, Column, columns
from pages.components.url import atlas_fields
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import InvalidValue, Paged, choice, decimal, flag, named, page_field

PAGE = 50  # rows at a time
SORT = "features"
RANGES = {  # name in the URL: name in the ranking
    "features": "features",
    "size": "n_examples",
    "distance": "mean_distance",
}
NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,6})?"

Range = tuple[float | None, float | None]


def limits(name: str) -> Field:
    """Field of a range: “2-10”, “2-” or “-10”."""

    def parse(c: Context, text: str) -> Range:
        match = re.fullmatch(rf"({NUMBER})?-({NUMBER})?", text)
        least, most = (float(end) if end else None for end in match.groups()) if match else (None, None)
        if not match or (least is not None and most is not None and least > most):
            low, high = ends(c.board, name)
            raise InvalidValue(f"a range is written 2-10, 2- or -10; values here are from {low:g} to {high:g}")
        return (least, most) if text != "-" else None

    def spell(limits: Range) -> str:
        return "-".join("" if end is None else decimal(end) for end in limits)

    return named(parse, spell=spell, examples=("2-", "-3", "0.1-5", "95-"))


def ends(board: Ranking, name: str) -> tuple[float, float]:
    """Ends of a range's values, rounded outwards to whole numbers, or to hundredths for distances."""
    low, high = board.ends(RANGES[name]) or (0, 0)
    scale = 100 if name == "distance" else 1
    return math.floor(low * scale) / scale, math.ceil(high * scale) / scale


@dataclass(frozen=True)
class View(Paged, Addressed, page="ranking"):
    """One view of the ranking. `descending` None is the default order of the column; the page passes the `board`."""

    sort: str = choice(
        lambda c: tuple(columns(c.atlas.manifest)), "the columns are", usual=SORT, examples=tuple(COLUMNS)
    )
    descending: bool | None = flag(
        {"asc": False, "desc": True}, "the orders are", usual=lambda c: COLUMNS[c.sort].descending, name="order"
    )
    layer: int | None = atlas_fields.layer()
    kind: str | None = atlas_fields.kind()
    features: Range | None = limits("features")
    size: Range | None = limits("size")
    distance: Range | None = limits("distance")
    page: int = page_field()

    pages_message = "this view has"
    page_size = staticmethod(lambda: PAGE)

    @property
    def column(self) -> Column:
        return COLUMNS[self.sort]

    @property
    def falling(self) -> bool:
        return self.column.descending if self.descending is None else self.descending

    @property
    def ranges(self) -> dict[str, Range]:
        """Ranges that have a limit, by name."""
        return {name: getattr(self, name) for name in RANGES if getattr(self, name)}

    @property
    def filter(self) -> Filter:
        return Filter(self.layer, self.kind, tuple((RANGES[name], *ends) for name, ends in self.ranges.items()))

    def sorted_by(self, column: str) -> "View":
        """Return the view after a click on a column's heading: sorted by it, reversed if it already was."""
        return self.to(sort=column, descending=not self.falling if column == self.sort else None)


PRESETS = {
    "Primary and rare": View("inter", kind="primary-rare"),
    "Related meanings": View("inter", False, kind="related", features=(3.0, None), size=(10.0, None)),
    "Most features": View(),
    "Highest mean distance": View("mean"),
}
