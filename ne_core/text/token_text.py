"""Tokens as readable text: invisible characters are replaced by visible signs.

Tokens come from a corpus and a vocabulary, so they are untrusted. The results have no control characters, no marks
that change the direction of text, no lone surrogates and no line breaks. They are text, not HTML: show them by
`textContent`, or escape them.
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
EMPTY = "∅"  # some vocabularies have empty tokens
MARKS_IN_A_ROW = 3  # combining marks; more, which no script needs, would be drawn over neighbouring lines


def visible(token: str) -> str:
    r"""Replace every invisible character by a sign: ⏎ ⇥ \x00, or its code point in brackets. Spaces stay spaces."""
    if token.isprintable() and token.isascii():
        return token or EMPTY
    signs, marks = [], 0
    for character in token:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        carrier = "◌" if marks == 1 and not signs else ""
        signs.append(carrier + sign(character) if marks <= MARKS_IN_A_ROW else code_point(character))
    return "".join(signs)


def sign(character: str) -> str:
    """Return a visible character itself, and a sign for an invisible one."""
    if character in NAMED:
        return NAMED[character]
    if unicodedata.category(character) == "Cc":
        return f"\\x{ord(character):02x}"  # not Unicode's control pictures, which few fonts have
    return code_point(character) if unicodedata.category(character) in INVISIBLE else character


def code_point(character: str) -> str:
    """A character by its number in Unicode."""
    return f"[U+{ord(character):04X}]"


def spelled(token: str) -> str:
    """Make spaces visible too, so that “ a” and “a” differ: the spelling of exact tokens in the search."""
    return visible(token).replace(" ", "␣")


def is_word(token: str, letters: int) -> bool:
    """True if a token is a whole word of at least `letters` letters with a space before or after it."""
    bare = token.strip(" ")
    return len(bare) >= letters and len(bare) < len(token) and bare.isalpha()


def short(token: str, length: int = 24) -> str:
    """Shorten a token for names: strip spaces, truncate to `length`; a token of spaces alone keeps them as signs."""
    text = visible(token).strip(" ") or spelled(token)
    text = spelled(token) if not text.strip("⏎⇥␍ ") else text
    return text if len(text) <= length else text[: length - 1] + "…"
