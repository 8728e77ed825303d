"""The kinds of fields of a view: whole numbers, numbers, choices, flags, texts, names, and groups of them.

Numbers, options, messages and defaults may be functions of the context (declared.py). An invalid parameter is reported
in one line with the valid values, and replaced with the nearest valid one.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, field, replace
from typing import ClassVar, Self

from pages.components.text.page_words import valid_pages
from pages.components.url.declared import KEY, Context, Group, Parameter, resolve
from pages.components.url.location import Location, numbers

FromContext = Callable[[Context], object]


class InvalidValue(Exception):
    """An invalid value of a parameter; the message says what is valid."""


def declare(check: Callable, usual: object = None, default: object = MISSING, **options) -> Field:
    default = (None if callable(usual) else usual) if default is MISSING else default
    return field(default=default, metadata={KEY: Parameter(check=check, usual=usual, **options)})


def whole(
    allowed: Sequence[int] | FromContext,
    owner: str | FromContext,
    noun: str | FromContext = "",
    *,
    end: str | FromContext = "",
    none: str | FromContext = "",
    fallback: int = 0,
    **options,
) -> Field:
    """Field of a whole number among `allowed`, ascending.

    Its message is “{owner} has {noun}s 0 to 3{end}”, or `owner` alone without a noun; `none` is the message where no
    number is allowed. A text that is not a number gives the default, or without one the number at index `fallback`.
    """

    def check(c: Context, name: str, usual: int | None) -> int | None:
        valid = resolve(allowed, c)
        if valid:
            has = f" has {numbers(valid, resolve(noun, c))}{resolve(end, c)}" if noun else ""
            default = valid[fallback] if usual is None else usual
            return c.request.whole(name, valid, default, f"{resolve(owner, c)}{has}")
        if none:
            c.request.add_problem(name, resolve(none, c))
        return usual

    examples = ("0", "1", "2", "3") if callable(allowed) else (str(allowed[0]), str(allowed[-1]))
    return declare(check, **{"examples": examples} | options)


def number(
    low: float, high: float | FromContext, message: str | FromContext, fallback: object = None, **options
) -> Field:
    """Field of a number from `low` to `high`; a text that is not a number gives `fallback`, else the default."""

    def check(c: Context, name: str, usual: float | None) -> float:
        default = usual if fallback is None else resolve(fallback, c)
        return c.request.number(name, low, resolve(high, c), default, resolve(message, c))

    return declare(check, spell=decimal, **{"examples": (f"{low:g}", "0.5")} | options)


def choice(among: Sequence[str] | FromContext, message: str, **options) -> Field:
    def check(c: Context, name: str, usual: str | None) -> str | None:
        return c.request.choice(name, tuple(resolve(among, c)), usual, message)

    return declare(check, **{"examples": () if callable(among) else tuple(among)} | options)


def flag(texts: Mapping[str, bool], message: str, **options) -> Field:
    """Field of True or False, each with its own word."""
    words = {value: text for text, value in texts.items()}

    def check(c: Context, name: str, usual: bool) -> bool:
        return texts[c.request.choice(name, tuple(texts), words[usual], message)]

    return declare(check, spell=words.get, examples=tuple(texts), **options)


def text(longest: int, **options) -> Field:
    """Field of a search text, truncated to `longest` characters."""
    return declare(lambda c, name, _: c.request.text(name, longest), "", examples=("a text",), **options)


def named(parse: Callable[[Context, str], object], **options) -> Field:
    """Field of the value that `parse` reads from the text; None where it raises InvalidValue."""

    def check(c: Context, name: str, _: None) -> object:
        try:
            return parse(c, c.request.query[name])
        except InvalidValue as error:
            c.request.add_problem(name, str(error))

    return declare(check, **options)


def group(
    build: Callable,
    *,
    usual: FromContext | None = None,
    final: Callable | None = None,
    last: bool = False,
    kw_only: bool = False,
    **members: Field,
) -> Field:
    """Field of several parameters that form one value: the given `members`, or those of the view `build`.

    Without `usual`, the default is `build()`.
    """
    parameters = {name: each.metadata[KEY] for name, each in members.items()} or build.group().members
    value = Group(build=build, members=parameters, usual=usual, final=final, last=last)
    return field(default_factory=(lambda: None) if usual else build, kw_only=kw_only, metadata={KEY: value})


def page_field() -> Field:
    """Field of a page, which `Paged.on_page` reads when the number of pages is known."""
    return declare(lambda c, name, usual: usual, 0, examples=("0", "1", "9999"))


class Paged:
    """A view of rows in pages of `page_size()`; the number of pages is known when the rows are.

    `pages_message` begins the message about an invalid page: “this view has”.
    """

    pages_message: ClassVar[str]
    page_size: ClassVar[Callable[[], int]]

    def pages(self, n_rows: int) -> range:
        """Valid pages; at least one, which reports that there are no rows."""
        return range(max(1, math.ceil(n_rows / self.page_size())))

    def on_page(self, request: Location, n_rows: int) -> Self:
        """Return the view on the page of the URL."""
        pages = self.pages(n_rows)
        message = f"{self.pages_message} {valid_pages(len(pages))}"
        return replace(self, page=request.whole("page", pages, 0, message))

    def span(self, n_rows: int) -> range:
        """Indices of the rows on this page, among all rows that pass."""
        return range(min(n_rows, self.page * self.page_size()), min(n_rows, (self.page + 1) * self.page_size()))


def decimal(number: float) -> str:
    """Format a number without an exponent, so that it can be read again."""
    return f"{number:.6f}".rstrip("0").rstrip(".")
