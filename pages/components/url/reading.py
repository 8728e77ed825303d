"""The display of examples, as part of a URL: order, filters, context, and mask baseline."""

import math
from collections.abc import Sequence
from dataclasses import Field, dataclass, field, replace

from ne_core.queries.maximum import percent
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import Paged, choice, flag, number, page_field, text
from pages.components.url.source_field import source

PAGE = 100  # examples at a time
SORTS = {
    "central": "central first",
    "activation": "highest activation first",
    "near": "nearest the centre first",
    "far": "farthest from the centre first",
}
CONTEXTS = {"whole": "the whole window", "short": "a few tokens", "important": "up to the important tokens"}
MEAN = "mean"
LONGEST = 200  # characters of a search text


def baseline_names(baselines: Sequence[str]) -> tuple[str, ...]:
    """Names of the options: each baseline, and their mean where there are several."""
    several = len(baselines) > 1 and MEAN not in baselines
    return (*baselines, MEAN) if several else tuple(baselines)


def baselines(c: Context) -> tuple[str, ...]:
    """Mask baselines of the atlas; empty for images, which are shown whole and have one value."""
    return baseline_names(c.atlas.manifest.baselines)


def top(c: Context) -> int:
    """Highest valid percentage of the neuron's maximum."""
    return max(100, math.ceil(float(percent(c.atlas, c.atlas.neuron(c.neuron)).max(initial=0))))


def end(fallback: object) -> Field:
    """Field of an activation in percent of the maximum."""

    def message(c: Context) -> str:
        return f"an activation in percent of the {c.vocabulary.unit}’s maximum, from 0 to {top(c)}"

    return number(0, top, message, fallback=fallback, examples=("0", "50", "80", "100"))


@dataclass(frozen=True)
class Reading(Paged, Addressed):
    """`least` and `most` are activations in percent of the neuron's maximum; `baseline` None is the atlas's first.

    `shortened`: `holds` is a longer text, truncated.
    """

    sort: str = choice(tuple(SORTS), "examples are sorted by", usual="central")
    context: str = choice(tuple(CONTEXTS), "the contexts are", usual="whole", applies=baselines)
    baseline: str | None = choice(
        baselines,
        "the mask baselines of this atlas are",
        applies=baselines,
        final=lambda c, name: None if name == baselines(c)[0] else name,
    )
    values: bool = flag({"on": True, "off": False}, "values are", usual=False, applies=baselines)
    least: float | None = end(fallback=0)
    most: float | None = end(fallback=top)
    holds: str = text(LONGEST)
    source: str | None = source()
    page: int = page_field()
    shortened: bool = field(default=False, compare=False)

    pages_message = "these examples have"
    page_size = staticmethod(lambda: PAGE)

    @property
    def by_distance(self) -> bool:
        return self.sort in ("near", "far")

    @property
    def filtered(self) -> bool:
        return bool(self.holds or self.source) or self.least is not None or self.most is not None

    def baseline_number(self, baselines: Sequence[str]) -> int | None:
        """Index among the atlas's baselines; None for their mean."""
        if self.baseline is None:
            return 0
        return baselines.index(self.baseline) if self.baseline in baselines else None

    def elsewhere(self) -> "Reading":
        """Return the reading for another neuron, without the filters of its examples."""
        return self.to(least=None, most=None, holds="", source=None, shortened=False)


def checked(c: Context, reading: Reading) -> Reading:
    """Return the reading without limits of activation if the lower one is above the upper one."""
    if reading.least is not None and reading.most is not None and reading.least > reading.most:
        c.request.add_problem("least", f"it is above most={reading.most:g}")
        reading = replace(reading, least=None, most=None)
    return replace(reading, shortened=len(c.request.query.get("holds", "")) > LONGEST)
