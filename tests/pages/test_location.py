"""The URL: what is wrong is said in a line that names what would have worked, and the nearest view is shown."""

import pytest

from pages.components.url.location import Location, listed, numbers


def asked(**query: str) -> Location:
    return Location(query, "demo")


def test_a_missing_parameter_is_no_problem():
    at = asked()
    assert at.whole("layer", range(4), 2, "") == 2
    assert not at.problems


@pytest.mark.parametrize(
    ("text", "nearest"), [("9", 3), ("-1", 0), ("x", 0), ("", 0), ("1.0", 0), ("٣", 0), (" 1", 0), ("1_0", 0)]
)
def test_a_wrong_number_gives_the_nearest_and_a_line(text, nearest):
    at = asked(layer=text)
    assert at.whole("layer", range(4), 0, "this atlas has layers 0 to 3") == nearest
    assert at.problems == [f"layer={text}: this atlas has layers 0 to 3"]


def test_a_hole_is_filled_by_its_neighbour():
    assert asked(layer="1").whole("layer", (0, 2, 6), 0, "") == 0
    assert asked(layer="5").whole("layer", (0, 2, 6), 0, "") == 6


class Counted:
    """Ascending numbers, very many: how often was one looked at?"""

    def __init__(self, count: int):
        self.count, self.looked = count, 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, at):
        self.looked += 1
        return range(self.count)[at]

    def __contains__(self, number) -> bool:
        return type(number) is int and number in range(self.count)


@pytest.mark.parametrize(("text", "nearest"), [("-5", 0), ("999999999", 10**6 - 1), ("x", 7)])
def test_a_wrong_number_among_a_million_costs_few_looks(text, nearest):
    """A visitor could otherwise keep the server busy with addresses."""
    allowed = Counted(10**6)
    assert asked(least=text).whole("least", allowed, 7, "") == nearest
    assert allowed.looked < 50
    assert asked(least=text).whole("least", range(10**12), 7, "") == {10**6 - 1: 999_999_999}.get(nearest, nearest)


def test_a_very_long_number_is_refused_in_a_short_line():
    at = asked(neuron="9" * 5000)
    assert at.whole("neuron", range(8), 4, "layer 0 has neurons 0 to 7") == 4
    assert len(at.problems[0]) < 90


def test_a_wrong_choice_lists_the_right_ones():
    at = asked(space="x")
    assert at.choice("space", ("neuron", "pre_mlp"), "neuron", "the spaces are") == "neuron"
    assert at.problems == ["space=x: the spaces are neuron or pre_mlp"]


@pytest.mark.parametrize(
    ("allowed", "said"), [(range(4), "layers 0 to 3"), ((0, 2), "layers 0 and 2"), ((3,), "only layer 3")]
)
def test_numbers_in_words(allowed, said):
    assert numbers(allowed, "layer") == said


def test_lists_in_words():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b or c"


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("0.62", 0.62), (".5", 0.5), ("2.", 2), ("0.123456", 0.1235)])
def test_numbers_are_read_to_four_decimals(text, number):
    at = asked(cut=text)
    assert at.number("cut", 0.0, 2.0, 0.5, "") == number
    assert not at.problems


@pytest.mark.parametrize(("text", "nearest"), [("2.1", 2), ("-0.1", 0), ("inf", 0.5), ("1e9", 0.5), ("٣", 0.5)])
def test_a_number_outside_gives_the_nearest_and_a_line(text, nearest):
    at = asked(cut=text)
    assert at.number("cut", 0.0, 2.0, 0.5, "a number from 0 to 2") == nearest
    assert at.problems == [f"cut={text}: a number from 0 to 2"]
