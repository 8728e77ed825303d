"""Words of the command line as values; what cannot be one raises ValueError that says what would have worked."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

Parse = Callable[[str], Any]

MOST_LAYERS = 2**15 - 1  # as an atlas stores them
RANGE = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", re.ASCII)


def whole_number(text: str) -> int:
    return parsed(int, text, "a whole number")


def number(text: str) -> float:
    return parsed(float, text, "a number")


def yes_or_no(text: str) -> bool:
    return parsed(("no", "yes").index, text, "yes or no") == 1


def readable(parse: Parse) -> Parse:
    """The parser of a type, with a message in plain words."""
    return {int: whole_number, float: number}.get(parse, parse)


def optional(parse: Parse) -> Parse:
    """`all` is None."""
    parse = readable(parse)

    def value(text: str) -> Any:
        try:
            return None if text == "all" else parse(text)
        except ValueError as error:
            raise ValueError(f"{error} or all") from None

    return value


def whole_numbers(text: str) -> tuple[int, ...]:
    return parsed(lambda text: tuple(map(int, text.split(","))), text, "whole numbers with commas between")


def numbers(text: str) -> tuple[float, ...]:
    return parsed(lambda text: tuple(map(float, text.split(","))), text, "numbers with commas between")


def layer_numbers(text: str) -> tuple[int, ...]:
    """Numbers and ranges, both ends included, in the order given: `0,2-4` is 0, 2, 3, 4."""
    parts = [RANGE.fullmatch(part) for part in text.split(",")]
    if not all(parts):
        raise ValueError(f"{text!r} is not layers as 0,1,2 or 0-2")
    found = [layer for part in parts for layer in layer_range(part)]
    for layer, times in Counter(found).items():
        if times > 1:
            raise ValueError(f"{text}: layer {layer} is named twice")
    return tuple(found)


def layer_range(part: re.Match[str]) -> range:
    first, last = int(part[1]), int(part[2] or part[1])
    if last < first:
        raise ValueError(f"{part[0]}: a range goes from the lower to the higher, as {last}-{first}")
    if last > MOST_LAYERS:
        raise ValueError(f"{part[0]}: more layers than any model has")
    return range(first, last + 1)


def names(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def parsed(parse: Parse, text: str, what: str) -> Any:
    try:
        return parse(text)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not {what}") from None
