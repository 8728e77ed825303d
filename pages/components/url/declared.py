"""Views are declared: a field says how it is spelled in the URL, checked, defaulted and explained (fields.py).

    @dataclass(frozen=True)
    class View(Addressed, page="across_layers"):
        per: int = whole(range(1, 11), "a trail has 1 to 10 features of each layer", usual=5)

Reading, the shortest address and the fuzzer's parameters follow. What depends on the atlas, or on other fields of the
view, is a function of a `Context`.
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
    """What a field may depend on: the atlas, what else the page knows, and fields, each read when first looked at."""

    def __init__(self, parameters: Mapping, outer: object, **known):
        self.__dict__ |= {"_parameters": parameters, "_outer": outer, **known}

    def __getattr__(self, name: str) -> object:
        own = self._parameters.get(name)
        value = own.read(self, name) if own else getattr(self._outer, name)
        self.__dict__[name] = value
        return value

    @property
    def vocabulary(self) -> Vocabulary:
        return self.atlas.manifest.vocabulary


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of the URL. `check` reads what it says, given the usual value, and says what is wrong with it."""

    check: Callable[[Context, str, object], object]
    spell: Callable[[object], str] = str
    usual: object = None
    name: str = ""  # where it is not the field's
    where: Callable[[Context], object] = lambda _: True  # elsewhere it is ignored
    always: bool = False  # spelled even where it is as usual
    final: Callable[[Context, object], object] = lambda _, value: value  # compared with other fields
    last: bool = False  # read after the others, as is what is wrong with it
    examples: tuple[str, ...] = ()

    def names(self, field: str) -> dict[str, tuple[str, ...]]:
        return {self.name or field: self.examples}

    def read(self, c: Context, field: str) -> object:
        name, usual = self.name or field, of(self.usual, c)
        if name not in c.at.asked or not self.where(c):
            return usual
        return self.final(c, self.check(c, name, usual))

    def spelled(self, c: Context, field: str) -> dict[str, str]:
        value = getattr(c, field)
        left_out = value is None or not self.where(c) or (not self.always and value == of(self.usual, c))
        return {} if left_out else {self.name or field: self.spell(value)}


@dataclass(frozen=True, kw_only=True)
class Group:
    """Several parameters that make one value, which has them as attributes; `usual` where the URL has none of them."""

    build: Callable[..., object]
    members: Mapping[str, "Parameter | Group"]
    usual: Callable[[Context], object] | None = None
    final: Callable[[Context, object], object] | None = None
    last: bool = False

    def names(self, _: str = "") -> dict[str, tuple[str, ...]]:
        return {name: texts for field, each in self.members.items() for name, texts in each.names(field).items()}

    def read(self, c: object, _: str = "") -> object:
        if self.usual and not self.names().keys() & c.at.asked.keys():
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


def of(value: object, *known: object) -> object:
    """A value as it is, or what a function makes of what is known."""
    return value(*known) if callable(value) else value


class Addressed:
    """What every view can do; a subclass is a frozen dataclass of declared fields, spelled in their order.

    A field whose usual value is a function of the context is None in a view that is made without it, and not spelled.
    """

    page_name: ClassVar[str]

    def __init_subclass__(cls, page: str = ""):
        if page:
            cls.page_name, VIEWS[page] = page, cls

    @classmethod
    @cache
    def group(cls) -> Group:  # a page asks for it with every link
        return Group(build=cls, members={each.name: each.metadata[KEY] for each in fields(cls) if KEY in each.metadata})

    @classmethod
    def names(cls) -> dict[str, tuple[str, ...]]:
        """Every parameter of the URL, in order, with examples of it."""
        return page_last(cls.group().names())

    @classmethod
    def read(cls, at: Location, atlas: Atlas, **known: object) -> Self:
        """The view that the URL asks for, each parameter checked; a wrong one says what would have worked."""
        return cls.group().read(SimpleNamespace(at=at, atlas=atlas, **known))

    def to(self, **changes) -> Self:
        """The view after a change, from its first page on unless the change is of the page."""
        return replace(self, **({"page": 0} if hasattr(self, "page") else {}) | changes)

    def query(self, atlas: Atlas) -> dict[str, str]:
        """The URL, shortest form."""
        spelled = self.group().spelled(SimpleNamespace(atlas=atlas, view=self), "view")
        return links.atlas_query(atlas, page_last(spelled))

    def href(self, atlas: Atlas) -> str:
        """The address, from any page."""
        return links.page_href(self.page_name, self.query(atlas))


def page_last(query: dict) -> dict:
    return dict(sorted(query.items(), key=lambda item: item[0] == "page"))
