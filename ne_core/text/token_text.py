"""Tokens as text that a person can read: whatever does not show by itself is replaced by a sign that does.

Tokens come from a corpus and a vocabulary, so from strangers. What this returns has no control characters, no marks
that turn the direction of text around, no lone surrogates and no line breaks. It is text, not HTML: put it on a
screen by `textContent`, or escape it.
"""

import unicodedata

NAMED = {"\n": "⏎", "\r": "␍", "\t": "⇥", "\u2028": "⏎", "\u2029": "⏎"}
INVISIBLE = {
    "Cc",
    "Cf",
    "Cs",
    "Co",
    "Cn",
}  # control, format (direction marks among them), surrogate, private, unassigned
EMPTY = "∅"  # some vocabularies have tokens without text
MARKS_IN_A_ROW = 3  # more combining marks than any script stacks would paint over the lines around them


def visible(token: str) -> str:
    r"""The token with every invisible character shown: ⏎ ⇥ \x00, or its code point in brackets. Spaces stay spaces."""
    if token.isprintable() and token.isascii():
        return token or EMPTY
    shown, marks = [], 0
    for character in token:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        carrier = "◌" if marks == 1 and not shown else ""
        shown.append(carrier + sign(character) if marks <= MARKS_IN_A_ROW else code_point(character))
    return "".join(shown)


def sign(character: str) -> str:
    """One character as itself where it shows, else a sign for it."""
    if character in NAMED:
        return NAMED[character]
    if unicodedata.category(character) == "Cc":
        return f"\\x{ord(character):02x}"  # not Unicode's pictures of them, which few fonts have
    return code_point(character) if unicodedata.category(character) in INVISIBLE else character


def code_point(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def spelled(token: str) -> str:
    """The token with its spaces shown too, so that “ a” and “a” differ: how search takes and prints exact tokens."""
    return visible(token).replace(" ", "␣")


def is_word(token: str, letters: int) -> bool:
    """Whether a token is a word of at least so many letters by itself, by a space on one of its sides."""
    bare = token.strip(" ")
    return len(bare) >= letters and len(bare) < len(token) and bare.isalpha()


def short(token: str, length: int = 24) -> str:
    """The token as a name: no spaces around it, not too long; a token of spaces alone keeps them, as signs."""
    text = visible(token).strip(" ") or spelled(token)
    text = spelled(token) if not text.strip("⏎⇥␍ ") else text
    return text if len(text) <= length else text[: length - 1] + "…"
