"""What the search page shows, as a URL: looking for what, how, among which features."""

from dataclasses import dataclass

from ne_core.atlas import Atlas
from ne_core.queries.feature_filter import FeatureFilter
from ne_core.refs import FeatureRef
from pages.components.url import atlas_fields
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import choice, group, text, whole

MODES = {"words": "Words", "token": "Exact token", "name": "Name", "snippet": "Snippet"}
MODES_OF_IMAGES = {"words": "Words", "token": "Exact label"}  # a name holds nothing but labels, and there is no text
LONGEST = 200  # characters of a query that are looked at
MOST_PAGES = 10_000
LARGEST = 1_000_000  # examples of a feature that can be asked for


def modes(atlas: Atlas) -> dict[str, str]:
    """The ways in which a text is looked for, and what they are called."""
    return MODES_OF_IMAGES if atlas.manifest.images else MODES


def for_text(c: Context) -> bool:
    return c.like is None


@dataclass(frozen=True)
class View(Addressed, page="search"):
    """One view of the search: for a text in one of the ways, or for features like one, in a space.

    Whether it has so many pages is known when it has been searched.
    """

    q: str = text(LONGEST, where=for_text)
    mode: str = choice(lambda c: modes(c.atlas), "the modes are", usual="words", where=for_text, examples=tuple(MODES))
    like: FeatureRef | None = atlas_fields.feature()
    space: str = atlas_fields.space(where=lambda c: c.like)
    among: FeatureFilter = group(
        FeatureFilter,
        layer=atlas_fields.layer(),
        kind=atlas_fields.kind(),
        least=whole(
            range(1, LARGEST + 1), f"the number of examples that a feature has at least, 1 to {LARGEST}", usual=1
        ),
    )
    page: int = whole(range(MOST_PAGES), f"pages are numbered 0 to {MOST_PAGES - 1}", usual=0)

    @property
    def asked(self) -> bool:
        return bool(self.q) or self.like is not None


def more_like(atlas: Atlas, ref: FeatureRef, space: str | None = None) -> str:
    """The address of the features that are like one of the atlas's cut."""
    return View(like=ref, space=space or atlas.manifest.default_space).href(atlas)
