"""Parsers of command-line values; each raises a ValueError that says what would have worked."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

Parse = Callable[[str], Any]

MAX_LAYERS = 2**15 - 1  # an atlas stores layers as int16
RANGE = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", re.ASCII)


def whole_number(text: str) -> int:
    return parse_as(int, text, "a whole number")


def number(text: str) -> float:
    return parse_as(float, text, "a number")


def yes_or_no(text: str) -> bool:
    return parse_as(("no", "yes").index, text, "yes or no") == 1


def with_clear_message(parse: Parse) -> Parse:
    """Return the parser of a type, with an error message in plain words."""
    return {int: whole_number, float: number}.get(parse, parse)


def optional(parse: Parse) -> Parse:
    """Return a parser that also accepts `all`, which is None."""
    parse = with_clear_message(parse)

    def value(text: str) -> Any:
        try:
            return None if text == "all" else parse(text)
        except ValueError as error:
            raise ValueError(f"{error} or all") from None

    return value


def whole_numbers(text: str) -> tuple[int, ...]:
    return parse_as(lambda text: tuple(map(int, text.split(","))), text, "whole numbers with commas between")


def numbers(text: str) -> tuple[float, ...]:
    return parse_as(lambda text: tuple(map(float, text.split(","))), text, "numbers with commas between")


def layer_numbers(text: str) -> tuple[int, ...]:
    """Parse numbers and ranges, both ends included, in their order: `0,2-4` is 0, 2, 3, 4."""
    parts = [RANGE.fullmatch(part) for part in text.split(",")]
    if not all(parts):
        raise ValueError(f"{text!r} is not layers as 0,1,2 or 0-2")
    layers = [layer for part in parts for layer in layer_range(part)]
    for layer, count in Counter(layers).items():
        if count > 1:
            raise ValueError(f"{text}: layer {layer} is named twice")
    return tuple(layers)


def layer_range(part: re.Match[str]) -> range:
    first, last = int(part[1]), int(part[2] or part[1])
    if last < first:
        raise ValueError(f"{part[0]}: a range goes from the lower to the higher number: {last}-{first}")
    if last > MAX_LAYERS:
        raise ValueError(f"{part[0]}: layers go up to {MAX_LAYERS}")
    return range(first, last + 1)


def names(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def parse_as(parse: Parse, text: str, expected: str) -> Any:
    try:
        return parse(text)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not {expected}") from None
