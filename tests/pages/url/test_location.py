"""Checks of the URL: an invalid value gives a line with the valid ones, and is replaced with the nearest."""

import pytest

from pages.components.url.location import Location, listed, numbers


def request_of(**query: str) -> Location:
    return Location(query, "demo")


def test_missing_parameter_gives_the_default():
    request = request_of()
    assert request.whole("layer", range(4), 2, "") == 2
    assert not request.problems


@pytest.mark.parametrize(
    ("text", "nearest"), [("9", 3), ("-1", 0), ("x", 0), ("", 0), ("1.0", 0), ("٣", 0), (" 1", 0), ("1_0", 0)]
)
def test_invalid_number_gives_the_nearest_and_a_line(text, nearest):
    request = request_of(layer=text)
    assert request.whole("layer", range(4), 0, "this atlas has layers 0 to 3") == nearest
    assert request.problems == [f"layer={text}: this atlas has layers 0 to 3"]


def test_missing_number_gives_its_neighbour():
    assert request_of(layer="1").whole("layer", (0, 2, 6), 0, "") == 0
    assert request_of(layer="5").whole("layer", (0, 2, 6), 0, "") == 6


class Counted:
    """A long sequence of ascending numbers that counts how often one is read."""

    def __init__(self, count: int):
        self.count, self.n_reads = count, 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index):
        self.n_reads += 1
        return range(self.count)[index]

    def __contains__(self, number) -> bool:
        return type(number) is int and number in range(self.count)


@pytest.mark.parametrize(("text", "nearest"), [("-5", 0), ("999999999", 10**6 - 1), ("x", 7)])
def test_invalid_number_among_a_million_needs_few_reads(text, nearest):
    """Otherwise a visitor could keep the server busy with addresses."""
    allowed = Counted(10**6)
    assert request_of(least=text).whole("least", allowed, 7, "") == nearest
    assert allowed.n_reads < 50
    assert request_of(least=text).whole("least", range(10**12), 7, "") == {10**6 - 1: 999_999_999}.get(nearest, nearest)


def test_very_long_number_gives_a_short_line():
    request = request_of(neuron="9" * 5000)
    assert request.whole("neuron", range(8), 4, "layer 0 has neurons 0 to 7") == 4
    assert len(request.problems[0]) < 90


def test_invalid_choice_lists_the_valid_ones():
    request = request_of(space="x")
    assert request.choice("space", ("neuron", "pre_mlp"), "neuron", "the spaces are") == "neuron"
    assert request.problems == ["space=x: the spaces are neuron or pre_mlp"]


@pytest.mark.parametrize(
    ("allowed", "phrase"), [(range(4), "layers 0 to 3"), ((0, 2), "layers 0 and 2"), ((3,), "only layer 3")]
)
def test_numbers_in_words(allowed, phrase):
    assert numbers(allowed, "layer") == phrase


def test_lists_in_words():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b or c"


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("0.62", 0.62), (".5", 0.5), ("2.", 2), ("0.123456", 0.1235)])
def test_numbers_are_read_to_four_decimals(text, number):
    request = request_of(cut=text)
    assert request.number("cut", 0.0, 2.0, 0.5, "") == number
    assert not request.problems


@pytest.mark.parametrize(("text", "nearest"), [("2.1", 2), ("-0.1", 0), ("inf", 0.5), ("1e9", 0.5), ("٣", 0.5)])
def test_number_out_of_range_gives_the_nearest_and_a_line(text, nearest):
    request = request_of(cut=text)
    assert request.number("cut", 0.0, 2.0, 0.5, "a number from 0 to 2") == nearest
    assert request.problems == [f"cut={text}: a number from 0 to 2"]
