"""Declared views: a field states its spelling in the URL, its check, its default and its explanation (fields.py).

    @dataclass(frozen=True)
    class View(Addressed, page="across_layers"):
        per: int = whole(range(1, 11), "a trail has 1 to 10 features of each layer", usual=5)

Reading, the shortest address and the fuzzer's parameters follow from the declaration. A value that depends on the
atlas, or on other fields of the view, is a function of a `Context`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from types import SimpleNamespace
from typing import ClassVar, Self

from ne_core.atlas import Atlas
from ne_core.text.vocabulary import Vocabulary
from pages.components.url import links
from pages.components.url.location import Location

KEY = "parameter"  # in a field's metadata
VIEWS: dict[str, type["Addressed"]] = {}  # by the page that shows them


class Context:
    """Values that a field may depend on: the atlas, further values of the page, and other fields, read lazily."""

    def __init__(self, parameters: Mapping, outer: object, **values):
        self.__dict__ |= {"_parameters": parameters, "_outer": outer, **values}

    def __getattr__(self, name: str) -> object:
        parameter = self._parameters.get(name)
        value = parameter.read(self, name) if parameter else getattr(self._outer, name)
        self.__dict__[name] = value
        return value

    @property
    def vocabulary(self) -> Vocabulary:
        return self.atlas.manifest.vocabulary


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of the URL. `check(context, name, usual)` reads its value and reports a problem."""

    check: Callable[[Context, str, object], object]
    spell: Callable[[object], str] = str
    usual: object = None  # the default, or a function of the context; not spelled in the address
    name: str = ""  # in the URL, if it differs from the field's
    applies: Callable[[Context], object] = lambda _: True  # where it does not, the parameter is ignored
    always: bool = False  # spelled even if it is the default
    final: Callable[[Context, object], object] = lambda _, value: value  # checks it against other fields
    last: bool = False  # read, and its problem reported, after the others
    examples: tuple[str, ...] = ()

    def names(self, field: str) -> dict[str, tuple[str, ...]]:
        return {self.name or field: self.examples}

    def read(self, c: Context, field: str) -> object:
        name, usual = self.name or field, resolve(self.usual, c)
        if name not in c.request.query or not self.applies(c):
            return usual
        return self.final(c, self.check(c, name, usual))

    def spelled(self, c: Context, field: str) -> dict[str, str]:
        value = getattr(c, field)
        is_usual = not self.always and value == resolve(self.usual, c)
        return {} if value is None or not self.applies(c) or is_usual else {self.name or field: self.spell(value)}


@dataclass(frozen=True, kw_only=True)
class Group:
    """Several parameters that form one value, as its attributes; `usual` if the URL has none of them."""

    build: Callable[..., object]
    members: Mapping[str, "Parameter | Group"]
    usual: Callable[[Context], object] | None = None
    final: Callable[[Context, object], object] | None = None
    last: bool = False

    def names(self, _: str = "") -> dict[str, tuple[str, ...]]:
        return {name: texts for field, each in self.members.items() for name, texts in each.names(field).items()}

    def read(self, c: object, _: str = "") -> object:
        if self.usual and not self.names().keys() & c.request.query.keys():
            return self.usual(c)
        inner = Context(self.members, c)
        order = sorted(self.members, key=lambda field: self.members[field].last)
        value = self.build(**{field: getattr(inner, field) for field in order})
        return self.final(c, value) if self.final else value

    def spelled(self, c: Context, field: str) -> dict[str, str]:
        value = getattr(c, field)
        if value is None:
            return {}
        inner = Context({}, c, **{each: getattr(value, each) for each in self.members})
        return {name: text for field, each in self.members.items() for name, text in each.spelled(inner, field).items()}


def resolve(value: object, *args: object) -> object:
    """Call `value` with the arguments if it is a function, else return it."""
    return value(*args) if callable(value) else value


class Addressed:
    """Base of views: a frozen dataclass of declared fields, which are spelled in their order.

    A field whose default is a function of the context is None in a view created without it, and is not spelled.
    """

    page_name: ClassVar[str]

    def __init_subclass__(cls, page: str = ""):
        if page:
            cls.page_name, VIEWS[page] = page, cls

    @classmethod
    @cache
    def group(cls) -> Group:  # cached: every link of a page needs it
        return Group(build=cls, members={each.name: each.metadata[KEY] for each in fields(cls) if KEY in each.metadata})

    @classmethod
    def names(cls) -> dict[str, tuple[str, ...]]:
        """Every parameter of the URL, in order, with examples of its values."""
        return page_last(cls.group().names())

    @classmethod
    def read(cls, request: Location, atlas: Atlas, **known: object) -> Self:
        """Read the view of a URL and check every parameter; problems, with the valid values, go to the request."""
        return cls.group().read(SimpleNamespace(request=request, atlas=atlas, **known))

    def to(self, **changes) -> Self:
        """Return the view with changes, on its first page unless the page is changed."""
        return replace(self, **({"page": 0} if hasattr(self, "page") else {}) | changes)

    def query(self, atlas: Atlas) -> dict[str, str]:
        """Query of the view in its shortest form."""
        spelled = self.group().spelled(SimpleNamespace(atlas=atlas, view=self), "view")
        return links.atlas_query(atlas, page_last(spelled))

    def href(self, atlas: Atlas) -> str:
        """Address of the view, relative to any page."""
        return links.page_href(self.page_name, self.query(atlas))


def page_last(query: dict) -> dict:
    return dict(sorted(query.items(), key=lambda item: item[0] == "page"))
