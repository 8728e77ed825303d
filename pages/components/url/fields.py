"""The kinds of fields of a view: whole numbers, numbers, choices, flags, texts, names, and groups of them.

Numbers, options, messages and usual values may be functions of the context (declared.py). A wrong parameter becomes
one line that says what would have worked, and the nearest sensible value takes its place.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, field, replace
from typing import ClassVar, Self

from pages.components.text.page_words import pages_there_are
from pages.components.url.declared import KEY, Context, Group, Parameter, of
from pages.components.url.location import Location, numbers

Of = Callable[[Context], object]


class Wrong(Exception):
    """A text that names nothing; its own text says what would have worked."""


def declare(check: Callable, usual: object = None, default: object = MISSING, **options) -> Field:
    default = (None if callable(usual) else usual) if default is MISSING else default
    return field(default=default, metadata={KEY: Parameter(check=check, usual=usual, **options)})


def whole(
    allowed: Sequence[int] | Of,
    whose: str | Of,
    noun: str | Of = "",
    *,
    end: str | Of = "",
    none: str | Of = "",
    fallback: int = 0,
    **options,
) -> Field:
    """A whole number of those allowed, ascending; the message is “this atlas has layers 0 to 3”, then `end`.

    Without a noun `whose` is all of the message; `none` is the message where no number is allowed. For what is no
    number it is the usual one, or without one that at the place `fallback`.
    """

    def check(c: Context, name: str, usual: int | None) -> int | None:
        among = of(allowed, c)
        if among:
            has = f" has {numbers(among, of(noun, c))}{of(end, c)}" if noun else ""
            return c.at.whole(name, among, among[fallback] if usual is None else usual, f"{of(whose, c)}{has}")
        if none:
            c.at.wrong(name, of(none, c))
        return usual

    examples = ("0", "1", "2", "3") if callable(allowed) else (str(allowed[0]), str(allowed[-1]))
    return declare(check, **{"examples": examples} | options)


def number(low: float, high: float | Of, message: str | Of, fallback: object = None, **options) -> Field:
    """A number from `low` to `high`; for what is no number `fallback`, else the usual value."""

    def check(c: Context, name: str, usual: float | None) -> float:
        instead = usual if fallback is None else of(fallback, c)
        return c.at.number(name, low, of(high, c), instead, of(message, c))

    return declare(check, spell=decimal, **{"examples": (f"{low:g}", "0.5")} | options)


def choice(among: Sequence[str] | Of, message: str, **options) -> Field:
    def check(c: Context, name: str, usual: str | None) -> str | None:
        return c.at.choice(name, tuple(of(among, c)), usual, message)

    return declare(check, **{"examples": () if callable(among) else tuple(among)} | options)


def flag(texts: Mapping[str, bool], message: str, **options) -> Field:
    """Yes or no, each by its own word."""
    words = {value: text for text, value in texts.items()}

    def check(c: Context, name: str, usual: bool) -> bool:
        return texts[c.at.choice(name, tuple(texts), words[usual], message)]

    return declare(check, spell=words.get, examples=tuple(texts), **options)


def text(longest: int, long: str = "", **options) -> Field:
    """A text, and of one that is too long its beginning; `long` is the message then."""
    return declare(lambda c, name, _: c.at.text(name, longest, long), "", **{"examples": ("a text",)} | options)


def named(parse: Callable[[Context, str], object], **options) -> Field:
    """What `parse` makes of the text. It raises Wrong where that is nothing; the value is None then."""

    def check(c: Context, name: str, _: None) -> object:
        try:
            return parse(c, c.at.asked[name])
        except Wrong as error:
            c.at.wrong(name, str(error))

    return declare(check, **options)


def group(
    build: Callable,
    *,
    usual: Of | None = None,
    final: Callable | None = None,
    last: bool = False,
    kw_only: bool = False,
    **members: Field,
) -> Field:
    """Parameters that make one value; of a view, its own. Without `usual` it is what `build` makes of nothing."""
    own = {name: each.metadata[KEY] for name, each in members.items()}
    made = Group(build=build, members=own or build.group().members, usual=usual, final=final, last=last)
    return field(default_factory=(lambda: None) if usual else build, kw_only=kw_only, metadata={KEY: made})


def later() -> Field:
    """A page, which is read by `on_page` when it is known how many there are."""
    return declare(lambda c, name, usual: usual, 0, examples=("0", "1", "9999"))


class Paged:
    """A view that shows so many rows at a time; how many pages `these_have` is known when the rows are."""

    these_have: ClassVar[str]
    size_of_page: ClassVar[Callable[[], int]]

    def pages(self, n_rows: int) -> range:
        """Without any row there still is a page that says so."""
        return range(max(1, math.ceil(n_rows / self.size_of_page())))

    def on_page(self, at: Location, n_rows: int) -> Self:
        """The view on the page that the URL asks for."""
        pages = self.pages(n_rows)
        return replace(self, page=at.whole("page", pages, 0, f"{self.these_have} {pages_there_are(len(pages))}"))

    def span(self, n_rows: int) -> range:
        """Places of the rows on this page, among all that pass."""
        return range(min(n_rows, self.page * self.size_of_page()), min(n_rows, (self.page + 1) * self.size_of_page()))


def decimal(number: float) -> str:
    """As it can be read again: a million is no 1e+06."""
    return f"{number:.6f}".rstrip("0").rstrip(".")
