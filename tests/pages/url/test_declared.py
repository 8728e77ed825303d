"""Declared views: reading, addresses and the fuzzer's parameters follow from the fields."""

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl

import pytest

from ne_core.atlas import Atlas
from pages.components.url.declared import VIEWS, Addressed
from pages.components.url.fields import choice, flag, group, number, page_field, text, whole
from pages.components.url.location import Location
from tests.support import fuzz


class Pair(NamedTuple):
    low: int = 0
    high: int = 0


@pytest.fixture
def example_view() -> type[Addressed]:
    """A view of a page that does not exist, with one field of each kind."""

    @dataclass(frozen=True)
    class View(Addressed, page="made-up"):
        page: int = page_field()
        weekday: int | None = whole(range(7), "a week has days 0 to 6")
        layer: int = whole(lambda c: c.atlas.layers, "this atlas", "layer", usual=lambda c: c.start, always=True)
        scale: float = number(0.0, 2.0, "a scale is 0 to 2", usual=1.0)
        tone: str = choice(("low", "high"), "tones are", usual="low", applies=lambda c: c.loud, name="pitch")
        loud: bool = flag({"yes": True, "no": False}, "loud is", usual=False)
        note: str = text(10)
        between: Pair = group(Pair, low=whole(range(9), "0 to 8", usual=0), high=whole(range(9), "0 to 8", usual=0))

    yield View
    del VIEWS["made-up"]


def read(view: type[Addressed], atlas: Atlas, query: dict[str, str]) -> tuple[Addressed, list[str]]:
    request = Location(query, "planted")
    return view.read(request, atlas, start=2), request.problems


def test_empty_query_gives_the_defaults(example_view, tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    view, problems = read(example_view, atlas, {})
    assert view == example_view(layer=2)
    assert not problems


def test_address_is_shortest_in_field_order_with_the_page_last(example_view, tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    view = example_view(page=3, weekday=0, layer=2, scale=0.25, loud=True, tone="high", between=Pair(0, 4))
    address = "made-up?atlas=planted&weekday=0&layer=2&scale=0.25&pitch=high&loud=yes&high=4&page=3"
    assert view.href(atlas) == address
    view_read, problems = read(example_view, atlas, dict(parse_qsl(address.split("?")[1])))
    assert (view_read, problems) == (view.to(), [])  # the page is read later, when the number of pages is known
    assert (
        example_view(layer=2, tone="high").href(atlas) == "made-up?atlas=planted&layer=2"
    )  # tone applies only to loud views


def test_invalid_values_are_reported_with_the_valid_ones(example_view, tiny_atlas):
    query = {"weekday": "8", "layer": "9", "scale": "x", "pitch": "x", "loud": "1", "note": "x" * 11, "low": "-1"}
    view, problems = read(example_view, Atlas.open(tiny_atlas), query)
    assert (view.weekday, view.layer, view.scale, view.tone, view.loud, view.note) == (
        6,
        2,
        1.0,
        "low",
        False,
        "x" * 10,
    )
    assert problems == [
        "weekday=8: a week has days 0 to 6",
        "layer=9: this atlas has layers 0 and 2",
        "scale=x: a scale is 0 to 2",
        "loud=1: loud is yes or no",
        f"note={'x' * 11}: only the first 10 characters are used",
        "low=-1: 0 to 8",
    ]


def test_changed_view_is_on_its_first_page(example_view):
    assert (example_view(page=3).to(scale=0.5).page, example_view().to(page=2).page) == (0, 2)


def test_fuzzer_has_its_parameters(example_view):
    names = {"weekday", "layer", "scale", "pitch", "loud", "note", "low", "high", "page"}
    assert set(example_view.names()) == names
    assert names <= set(fuzz.parameters())
    assert "no" in fuzz.parameters()["loud"]
    fuzzed = {name for number in range(100) for name, _ in parse_qsl(fuzz.address(number, "made-up").query)}
    assert names <= fuzzed
    assert "made-up" in {fuzz.address(number).page for number in range(300)}
