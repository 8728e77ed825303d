"""The view of the page Overview, as a URL: which of the picked neurons is drawn."""

from dataclasses import dataclass

from pages.components.cached.starts import first_look
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import whole


def picks(c: Context) -> range:
    return range(len(first_look(c.atlas).picks))


@dataclass(frozen=True)
class View(Addressed, page="overview"):
    """`start` is the number of the pick that is drawn."""

    start: int = whole(
        picks, "this page", "pick", none=lambda c: f"this atlas has no {c.vocabulary.unit} with examples", usual=0
    )

    def another(self, n_picks: int) -> "View":
        """Return the view of the next pick; after the last one the first."""
        return self.to(start=(self.start + 1) % n_picks)
