"""The view of the page Search, as a URL: the query, the mode of search, and the filters."""

from dataclasses import Field, dataclass

from ne_core.atlas import Atlas
from ne_core.queries.feature_filter import FeatureFilter
from ne_core.refs import FeatureRef
from pages.components.url import atlas_fields
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import FromContext, choice, group, text, whole
from pages.components.url.source_field import source

MODES = {"words": "Words", "token": "Exact token", "name": "Name", "snippet": "Snippet"}
MODES_OF_IMAGES = {"words": "Words", "token": "Exact label"}  # names consist of labels, and there is no text
LONGEST = 200  # characters of a query
MOST_PAGES = 10_000
LARGEST = 1_000_000  # limit of the filter by size


def modes(atlas: Atlas) -> dict[str, str]:
    """Modes of search and their titles."""
    return MODES_OF_IMAGES if atlas.manifest.images else MODES


def for_text(c: Context) -> bool:
    return c.like is None


def mode_field(usual: str | FromContext) -> Field:
    return choice(lambda c: modes(c.atlas), "the modes are", usual=usual, applies=for_text, examples=tuple(MODES))


@dataclass(frozen=True)
class View(Addressed, page="search"):
    """One search: for a text in one of the modes, or for features similar to `like` in a space.

    The page is checked after the search, when the number of pages is known (`with_valid_page` in matching/find.py).
    """

    q: str = text(LONGEST, applies=for_text)
    mode: str = mode_field("words")
    like: FeatureRef | None = atlas_fields.feature()
    space: str = atlas_fields.space(applies=lambda c: c.like)
    among: FeatureFilter = group(
        FeatureFilter,
        layer=atlas_fields.layer(),
        kind=atlas_fields.kind(),
        least=whole(
            range(1, LARGEST + 1), f"the least number of examples of a feature is from 1 to {LARGEST}", usual=1
        ),
        source=source(),
    )
    page: int = whole(range(MOST_PAGES), f"pages are numbered 0 to {MOST_PAGES - 1}", usual=0)

    @property
    def has_query(self) -> bool:
        return bool(self.q) or self.like is not None


def more_like(atlas: Atlas, ref: FeatureRef, space: str | None = None) -> str:
    """Address of the search for features similar to one of the atlas's cut."""
    return View(like=ref, space=space or atlas.manifest.default_space).href(atlas)
