"""How examples are read: their order, which of them, how much of each, under which mask baseline; as a URL."""

import math
from collections.abc import Sequence
from dataclasses import Field, dataclass, field, replace

from ne_core.queries.maximum import percent
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import Paged, choice, flag, later, number, text

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


def baseline_names(baselines: Sequence[str]) -> tuple[str, ...]:
    """What can be shown: each baseline, and their mean where there are several."""
    several = len(baselines) > 1 and MEAN not in baselines
    return (*baselines, MEAN) if several else tuple(baselines)


def baselines(c: Context) -> tuple[str, ...]:
    """None where nothing was masked: examples are images then, which are always whole and have one value."""
    return baseline_names(c.atlas.manifest.baselines)


def top(c: Context) -> int:
    """The highest percent of the neuron's maximum that can be asked for."""
    return max(100, math.ceil(float(percent(c.atlas, c.atlas.neuron(c.neuron)).max(initial=0))))


def end(fallback: object) -> Field:
    """An activation in percent."""

    def message(c: Context) -> str:
        return f"an activation in percent of the {c.vocabulary.unit}’s maximum, from 0 to {top(c)}"

    return number(0, top, message, fallback=fallback, examples=("0", "50", "80", "100"))


@dataclass(frozen=True)
class Reading(Paged, Addressed):
    """`least` and `most` are activations in percent of the neuron's maximum; `baseline` None is the atlas's first.

    `shortened`: `holds` is the beginning of a longer text.
    """

    sort: str = choice(tuple(SORTS), "examples are sorted by", usual="central")
    context: str = choice(tuple(CONTEXTS), "the contexts are", usual="whole", where=baselines)
    baseline: str | None = choice(
        baselines,
        "the mask baselines of this atlas are",
        where=baselines,
        final=lambda c, name: None if name == baselines(c)[0] else name,
    )
    values: bool = flag({"on": True, "off": False}, "values are", usual=False, where=baselines)
    least: float | None = end(fallback=0)
    most: float | None = end(fallback=top)
    holds: str = text(LONGEST)
    page: int = later()
    shortened: bool = field(default=False, compare=False)

    these_have = "these examples have"
    size_of_page = staticmethod(lambda: PAGE)

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

    def elsewhere(self) -> "Reading":
        """At another neuron: its examples are its own."""
        return self.to(least=None, most=None, holds="", shortened=False)


def checked(c: Context, reading: Reading) -> Reading:
    """Without limits that leave nothing between them."""
    if reading.least is not None and reading.most is not None and reading.least > reading.most:
        c.at.wrong("least", f"it is above most={reading.most:g}")
        reading = replace(reading, least=None, most=None)
    return replace(reading, shortened=len(c.at.asked.get("holds", "")) > LONGEST)
