"""Options of the command line: an invalid value has a message that says what is valid."""

import argparse

import pytest

from precompute.__main__ import main, parser

JUNK = ("perhaps", "1,x", "x-y", "--", "1e400x", "nan?")


def parsers(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (verbs,) = [action for action in top._actions if isinstance(action, argparse._SubParsersAction)]
    return verbs.choices


TYPED = [
    pytest.param(verb, action, id=f"{verb} {'/'.join(action.option_strings) or action.dest}")
    for verb, each in parsers(parser()).items()
    for action in each._actions
    if action.type is not None
]


@pytest.mark.parametrize(("verb", "action"), TYPED)
def test_invalid_values_have_clear_messages(verb, action):
    each = parsers(parser())[verb]
    for junk in JUNK:
        try:
            each._get_value(action, junk)
        except argparse.ArgumentError as error:
            message = str(error)
            assert repr(junk) in message
            assert not any(word in message for word in ("value value", "<lambda>", "function", "object", "literal"))
            assert any(word in message for word in ("number", "yes or no", "layers as"))


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--layers", "0-", "'0-' is not layers as 0,1,2 or 0-2"),
        ("--layers", "3-1", "3-1: a range goes from the lower to the higher number: 1-3"),
        ("--layers", "0-99999999", "0-99999999: layers go up to 32767"),
        ("--layers", "0,1-2,1", "layer 1 is named twice"),
        ("--layers", "", "is not layers as 0,1,2 or 0-2"),
        ("--inputs", "perhaps", "'perhaps' is not yes or no"),
        ("--examples", "many", "'many' is not a whole number"),
        ("--window", "20,x", "'20,x' is not whole numbers with commas"),
        ("--keep", "most", "'most' is not a number"),
        ("--importance-passes", "few", "'few' is not a whole number or all"),
    ],
)
def test_messages_say_what_would_have_worked(option, value, words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["build", option, value])
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"argument {option}: " in line
    assert words in line


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("0-1", (0, 1)),
        ("0,2-4,7", (0, 2, 3, 4, 7)),
        ("5", (5,)),
        ("3-3", (3,)),
        (" 1 , 2 - 3", (1, 2, 3)),
        ("all", None),
    ],
)
def test_layers_are_parsed_as_ranges(text, layers):
    assert vars(parser().parse_args(["build", "--layers", text]))["layers"] == layers


def test_all_layers():
    assert vars(parser().parse_args(["build", "--layers", "all"]))["layers"] is None
