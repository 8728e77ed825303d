"""Field of a source: the beginning of names of documents, such as a package, a file, or the rows of a data set."""

from dataclasses import Field

from ne_core.queries.sources import GROUPS, short_source
from ne_core.text.phrases import listed
from pages.components.url.declared import Context
from pages.components.url.fields import InvalidValue, named

MOST_NAMED = 4  # groups in a message


def source() -> Field:
    """Field of the beginning of a source, for atlases that have documents; an invalid one is no filter."""
    return named(checked, applies=lambda c: c.atlas.documents is not None, examples=("torch", "a.txt line 1", "<b>"))


def checked(c: Context, text: str) -> str | None:
    if text and not c.atlas.documents.beginning(text).any():
        raise InvalidValue(f"no source of this atlas begins with it; {groups(c)}")
    return text or None


def groups(c: Context) -> str:
    """“the packages are torch, numpy or 14 more”."""
    names = c.atlas.documents.groups
    shown = [short_source(names[number]) for number in range(min(len(names), MOST_NAMED))]
    rest = [f"{len(names) - MOST_NAMED:,} more"] * (len(names) > MOST_NAMED)
    return f"its {GROUPS[c.atlas.manifest.documents]} are {listed([*shown, *rest], 'and')}"
