"""Tokens as text: invisible characters are made visible, and Markdown reads none of it as markup."""

import json
import unicodedata

import pytest

from ne_core.text.token_text import short, spelled, visible
from pages.components.base.escape import JOINER, markdown

NASTY = [
    "$x$",
    "`code`",
    "[a](b)",
    ":red[x]",
    ":material/home:",
    ":smile:",
    "<b>bold</b>",
    "|",
    "**x**",
    "a -> b",
    "# head",
    "1. one",
    "https://example.com",
    "&lt;",
]


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("", "∅"),
        (" cat", " cat"),
        ("\n", "⏎"),
        ("\n\n    ", "⏎⏎    "),
        ("\t", "⇥"),
        ("\x00\x1b", "\\x00\\x1b"),
        ("\x85", "\\x85"),
        ("\u202eabc", "[U+202E]abc"),
        ("\u200b", "[U+200B]"),
        ("\ud800", "[U+D800]"),
        ("\u0301", "◌\u0301"),
        ("日本語", "日本語"),
        ("<script>", "<script>"),
    ],
)
def test_invisible_characters_are_made_visible(token, expected):
    assert visible(token) == expected


def test_every_character_becomes_visible():
    for code in [*range(0x3000), *range(0xD7F0, 0xE010), *range(0xFE00, 0x10000), 0xE0001, 0x10FFFF]:
        text = visible(chr(code))
        assert text
        assert not {unicodedata.category(c) for c in text} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        json.dumps(text).encode("utf-8")


def test_number_of_combining_marks_is_limited():
    assert visible("a" + "\u0301" * 9).count("\u0301") == 3


def test_spelled_tokens_show_their_spaces():
    assert spelled(" a") == "␣a"
    assert spelled("a") == "a"


@pytest.mark.parametrize(("token", "name"), [(" import", "import"), ("   ", "␣␣␣"), ("\n    ", "⏎␣␣␣␣"), ("", "∅")])
def test_short_names(token, name):
    assert short(token) == name


def test_short_names_are_truncated():
    assert short("-" * 80) == "-" * 23 + "…"


@pytest.mark.parametrize("text", NASTY)
def test_markdown_is_escaped(text):
    """Every sign has a backslash, and no emoji, icon or arrow is left whole."""
    escaped = markdown(text)
    assert escaped.replace("\\", "").replace(JOINER, "") == text
    for i, character in enumerate(escaped):
        if character in "$`[]()*_#<>|:&!":
            assert escaped[i - 1] == "\\"
    assert "->" not in escaped
    assert ":s" not in escaped
    assert ":m" not in escaped


def test_plain_words_are_not_escaped():
    assert markdown("layer 3 has neurons") == "layer 3 has neurons"
