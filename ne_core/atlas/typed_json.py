"""JSON declared by dataclasses: `from_json` checks every value by its annotation, `to_json` is the inverse.

An annotation may add rules: `Annotated[int, between(1, 9)]`. A field that may be absent is `Annotated[…, OPTIONAL]`; it
is written unless it has its default. Undeclared fields of a `Record` are stored in `extra` and written again; other
objects must not have any.
"""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

Unchecked = Any  # an untrusted value that is only shown
OPTIONAL = object()
WORDS = {int: "a whole number", float: "a fraction", str: "a text", bool: "true or false", NoneType: "null"}


class MismatchError(ValueError):
    """Raised for a value that does not match the declaration of its field."""

    def __init__(self, field: str, kind: Any):
        super().__init__(field)
        self.field, self.expected = field, described(kind)


@dataclass(frozen=True)
class Rule:
    """Condition on a value of the right type, and its description."""

    words: str
    holds: Callable[[Any], bool]


def between(least: int, most: int) -> Rule:
    """Rule: a number from `least` to `most`, which NaN is not."""
    return Rule(f"from {least} to {most}", lambda value: least <= value <= most)


def length(least: int, most: int) -> Rule:
    """Rule: length of a text, list or object."""
    return Rule(f"of length {least} to {most}", lambda value: least <= len(value) <= most)


@dataclass(frozen=True, kw_only=True)
class Record:
    """JSON object that may have undeclared fields, stored in `extra`."""

    extra: dict[str, Unchecked] = field(default_factory=dict)


def from_json(kind: Any, value: Any, name: str = "") -> Any:
    """Convert a JSON value to the declared `kind`; `name` is its field's. Raises MismatchError for any other value."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        typed = from_json(args[0], value, name)
        if all(rule.holds(typed) for rule in args[1:] if isinstance(rule, Rule)):
            return typed
    elif origin in (Union, UnionType):
        return first_fit(kind, value, name)
    elif origin is tuple and type(value) is list:
        return tuple(from_json(args[0], each, name) for each in value)
    elif origin is dict and type(value) is dict:
        return {key: from_json(args[1], each, f"{name}.{key}") for key, each in value.items()}
    elif is_dataclass(kind) and type(value) is dict:
        return from_object(kind, value, f"{name}." if name else "")
    elif kind is Any or type(value) is kind or (origin is Literal and type(value) is str and value in args):
        return value  # exact types: True is not an int
    raise MismatchError(name, kind)


def first_fit(kind: Any, value: Any, name: str) -> Any:
    """The value as the first kind of the union that fits."""
    for option in get_args(kind):
        try:
            return from_json(option, value, name)
        except MismatchError:
            continue
    raise MismatchError(name, kind)


def from_object(kind: type, value: dict[str, Any], prefix: str) -> Any:
    """A dataclass from a JSON object; a Record stores undeclared fields in `extra`."""
    hints = declared(kind)
    required = {each.name for each in fields(kind) if each.default is each.default_factory is MISSING}
    unknown = value.keys() - hints.keys()
    if not required <= value.keys() or (unknown and not issubclass(kind, Record)):
        raise MismatchError(prefix.rstrip("."), kind)
    known = {name: from_json(hint, value[name], prefix + name) for name, hint in hints.items() if name in value}
    if issubclass(kind, Record):
        known["extra"] = {name: value[name] for name in unknown}
    return kind(**known)


def to_json(value: Any) -> Any:
    """Convert to JSON values for json.dumps, fields sorted by name."""
    if is_dataclass(value):
        hints, defaults = declared(type(value)), {each.name: each.default for each in fields(value)}
        written = {name for name in hints if not (optional(hints[name]) and getattr(value, name) == defaults[name])}
        known = {name: to_json(getattr(value, name)) for name in written}
        return dict(sorted({**getattr(value, "extra", {}), **known}.items()))
    if isinstance(value, tuple):
        return list(map(to_json, value))
    return value


@cache
def declared(kind: type) -> dict[str, Any]:
    """Annotations of a dataclass's fields, by name, without `extra`."""
    hints = get_type_hints(kind, include_extras=True)
    return {each.name: hints[each.name] for each in fields(kind) if each.name != "extra"}


def optional(hint: Any) -> bool:
    """Return whether the annotation marks a field that may be missing."""
    return any(each is OPTIONAL for each in get_args(hint)[1:])


def meanings(kind: type) -> dict[str, str]:
    """Meaning of each field: the text in its annotation."""
    return {
        name: next(each for each in get_args(hint)[1:] if isinstance(each, str))
        for name, hint in declared(kind).items()
    }


def described(kind: Any) -> str:
    """Describe a declared type in words."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return " ".join([described(args[0]), *(rule.words for rule in args[1:] if isinstance(rule, Rule))])
    if origin in (Union, UnionType):
        return ", or ".join(map(described, args))
    if origin is Literal:
        return " or ".join(args)
    if origin is tuple:
        return f"a list, each {described(args[0])}"
    if origin is dict:
        return f"an object, each value {described(args[1])}"
    if is_dataclass(kind):
        return f"an object with {', '.join(declared(kind))}"
    return WORDS.get(kind, "anything")
