"""A view is its fields: what reads it, links to it and fuzzes it follows from them."""

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
def made_up() -> type[Addressed]:
    """A view of a page that there is not, one field of each kind."""

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
    at = Location(query, "planted")
    return view.read(at, atlas, start=2), at.problems


def test_what_nobody_asks_for_is_as_usual(made_up, tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    view, problems = read(made_up, atlas, {})
    assert view == made_up(layer=2)
    assert not problems


def test_the_address_is_the_shortest_in_the_order_of_the_fields_the_page_last(made_up, tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    view = made_up(page=3, weekday=0, layer=2, scale=0.25, loud=True, tone="high", between=Pair(0, 4))
    address = "made-up?atlas=planted&weekday=0&layer=2&scale=0.25&pitch=high&loud=yes&high=4&page=3"
    assert view.href(atlas) == address
    asked, problems = read(made_up, atlas, dict(parse_qsl(address.split("?")[1])))
    assert (asked, problems) == (view.to(), [])  # the page is read when it is known how many there are
    assert made_up(layer=2, tone="high").href(atlas) == "made-up?atlas=planted&layer=2"  # a tone of what is not loud


def test_what_is_wrong_says_what_would_have_worked(made_up, tiny_atlas):
    query = {"weekday": "8", "layer": "9", "scale": "x", "pitch": "x", "loud": "1", "note": "x" * 11, "low": "-1"}
    view, problems = read(made_up, Atlas.open(tiny_atlas), query)
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


def test_a_change_goes_to_the_first_page(made_up):
    assert (made_up(page=3).to(scale=0.5).page, made_up().to(page=2).page) == (0, 2)


def test_the_fuzzer_knows_its_parameters(made_up):
    names = {"weekday", "layer", "scale", "pitch", "loud", "note", "low", "high", "page"}
    assert set(made_up.names()) == names
    assert names <= set(fuzz.parameters())
    assert "no" in fuzz.parameters()["loud"]
    asked = {name for number in range(100) for name, _ in parse_qsl(fuzz.address(number, "made-up").query)}
    assert names <= asked
    assert "made-up" in {fuzz.address(number).page for number in range(300)}
