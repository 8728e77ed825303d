"""How examples are read: their order, which of them, how much of each, under which mask baseline; as a URL."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pages.components.text.page_words import pages_there_are
from pages.components.url import location

PAGE = 100  # examples at a time
SORTS = {
    "central": "central first",
    "activation": "highest activation first",
    "near": "nearest the centre first",
    "far": "farthest from the centre first",
}
CONTEXTS = {"whole": "the whole window", "short": "a few tokens", "important": "up to the important tokens"}
MEAN = "mean"
LONGEST = 200  # characters of a text that is looked for


@dataclass(frozen=True)
class Reading:
    """`least` and `most` are activations in percent of the neuron's maximum; `baseline` None is the atlas's first.

    `shortened`: `holds` is the beginning of a longer text.
    """

    sort: str = "central"
    context: str = "whole"
    baseline: str | None = None
    values: bool = False
    least: float | None = None
    most: float | None = None
    holds: str = ""
    page: int = 0
    shortened: bool = False

    @property
    def by_distance(self) -> bool:
        return self.sort in ("near", "far")

    @property
    def filtered(self) -> bool:
        return bool(self.holds) or self.least is not None or self.most is not None

    def baseline_number(self, baselines: Sequence[str]) -> int | None:
        """Which of the atlas's baselines it is; None for their mean."""
        if self.baseline is None:
            return 0
        return baselines.index(self.baseline) if self.baseline in baselines else None

    def kept(self) -> dict[str, str]:
        """What links to other neurons take along: a way of reading."""
        wanted = {
            "sort": "" if self.sort == "central" else self.sort,
            "context": "" if self.context == "whole" else self.context,
            "baseline": self.baseline or "",
            "values": "on" if self.values else "",
        }
        return {name: value for name, value in wanted.items() if value}

    def filters(self) -> dict[str, str]:
        """What links to other features of the same neuron take along as well."""
        ends = {"least": self.least, "most": self.most}
        said = {name: f"{end:g}" for name, end in ends.items() if end is not None}
        return said | ({"holds": self.holds} if self.holds else {})

    def paged(self) -> dict[str, str]:
        return {"page": str(self.page)} if self.page else {}

    def elsewhere(self) -> "Reading":
        """At another neuron: its examples are its own."""
        return replace(self, least=None, most=None, holds="", page=0, shortened=False)

    def span(self, n_found: int) -> range:
        """Places of the examples on this page, among all that pass."""
        return range(min(n_found, self.page * PAGE), min(n_found, (self.page + 1) * PAGE))


def read_reading(at: location.Location, baselines: Sequence[str], highest: float) -> Reading:
    """All but the page, which depends on how many examples there are. `highest`: percent of the maximum.

    Where nothing was masked examples are images, which are always whole and have one value.
    """
    sort = at.choice("sort", tuple(SORTS), "central", "examples are sorted by")
    context, baseline, values = read_tokens(at, baselines) if baselines else ("whole", None, False)
    least, most = (read_end(at, name, highest) for name in ("least", "most"))
    if least is not None and most is not None and least > most:
        at.wrong("least", f"it is above most={most:g}")
        least = most = None
    holds = at.text("holds", LONGEST)
    shortened = len(at.asked.get("holds", "")) > LONGEST
    return Reading(sort, context, baseline, values, least, most, holds, shortened=shortened)


def read_tokens(at: location.Location, baselines: Sequence[str]) -> tuple[str, str | None, bool]:
    """What there is to choose of texts: their context, the baseline where it is not the first, and values."""
    context = at.choice("context", tuple(CONTEXTS), "whole", "the contexts are")
    names = baseline_names(baselines)
    baseline = at.choice("baseline", names, names[0], "the mask baselines of this atlas are")
    values = at.choice("values", ("on", "off"), "off", "values are")
    return context, None if baseline == names[0] else baseline, values == "on"


def baseline_names(baselines: Sequence[str]) -> tuple[str, ...]:
    """What can be shown: each baseline, and their mean where there are several."""
    several = len(baselines) > 1 and MEAN not in baselines
    return (*baselines, MEAN) if several else tuple(baselines)


def read_end(at: location.Location, name: str, highest: float) -> float | None:
    if name not in at.asked:
        return None
    top = max(100, math.ceil(highest))
    usual = 0 if name == "least" else top
    return at.number(name, 0, top, usual, f"an activation in percent of the neuron’s maximum, from 0 to {top}")


def read_page(at: location.Location, reading: Reading, n_found: int) -> Reading:
    pages = range(n_pages(n_found))
    return replace(reading, page=at.whole("page", pages, 0, f"these examples have {pages_there_are(len(pages))}"))


def n_pages(n_found: int) -> int:
    """Without any example there still is a page that says so."""
    return max(1, math.ceil(n_found / PAGE))
