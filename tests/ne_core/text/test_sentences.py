"""Sentences around a token, and whole words, by hand."""

import pytest

from ne_core.text.sentences import AFTER, BEFORE, is_whole_word, sentence


@pytest.mark.parametrize(
    ("tokens", "key", "expected"),
    [
        (["One", "."], 0, ("", "One", ".")),
        ([" cat"], 0, ("", "cat", "…")),
        (["No", ".", " The", " cat", " sat", ".", " Then"], 3, ("The ", "cat", " sat.")),
        (["\n", "A", " list", "\n", "Next"], 1, ("", "A", " list")),
        (["\n", "Wrapped", "\n   ", "line", " here", ".", " A"], 1, ("", "Wrapped", " line here.")),
        ([" use", " os", ".", "path", " now", "!", " B"], 4, ("…use os.path ", "now", "!")),
        (["\n", "..", " warning", "::", "\n", "A"], 2, (".. ", "warning", "::")),
        (["<|endoftext|>", "An", " end", "?", " C"], 2, ("An ", "end", "?")),
        (["x", "\n", "Y"], 1, ("…x", "⏎", "")),
        (["(", "so", ".)", " See", " it", "."], 4, ("See ", "it", ".")),
        (["\n", "", "\u202e", " cat", "."], 3, ("∅[U+202E] ", "cat", ".")),
    ],
)
def test_sentence_of_a_token(tokens, key, expected):
    assert sentence(tokens, key) == expected


def test_long_sentence_is_shortened_on_both_sides():
    before, word, after = sentence([" word"] * 100 + [" key"] + [" word"] * 100, 100)
    assert word == "key"
    assert before.startswith("…")
    assert len(before) <= BEFORE + 2
    assert after.endswith("…")
    assert len(after) <= AFTER + 1


@pytest.mark.parametrize(
    ("before", "token", "after", "whole"),
    [
        (" the", " cat", " sat", True),
        ("\n", "This", " is", True),
        ("", "cat", "", True),
        (" the", " cal", "ibrate", False),
        (" cal", "ibr", "ate", False),
        (" the", " is", " a", False),  # too short
        (" the", "...", " a", False),
        ("_", "hidden", "_", True),
        ("x", "cat ", "y", False),
    ],
)
def test_whole_words(before, token, after, whole):
    assert is_whole_word(before, token, after, 3) is whole
