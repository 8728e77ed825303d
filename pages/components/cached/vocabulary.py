"""The vocabulary of an atlas as people type it and as search compares it, made once for each atlas."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ne_core.atlas import Atlas
from ne_core.queries.passages import BREAK
from ne_core.text.token_text import spelled, visible
from ne_core.text.words import folded
from pages.components.cached.per_atlas import per_atlas

SUGGESTIONS = 10
MOST_NAMES = 5_000  # key tokens, the commonest first, among which suggestions are looked for


@dataclass(frozen=True)
class Vocabulary:
    """Every token in the forms that a search needs, and the key tokens of the atlas."""

    folded: list[str]  # as the word index has them, spaces for line breaks
    shown: list[str]  # as examples show them
    lowered: list[str]  # the same without capitals
    frequent: list[str]  # key tokens as they are typed, those of most features first


@per_atlas()
def vocabulary(atlas: Atlas) -> Vocabulary:
    one: dict[str, str] = {}  # most tokens have but one form: 50,000 of them thrice are megabytes
    shown, plain = ([form(text) for text in atlas.vocab] for form in (visible, folded))
    plain = [text.replace(BREAK, " ") for text in plain]
    lowered = [text.casefold() for text in shown]
    forms = ([one.setdefault(text, text) for text in texts] for texts in (plain, shown, lowered))
    return Vocabulary(*forms, frequent(atlas))


def frequent(atlas: Atlas) -> list[str]:
    ids, counts = np.unique(atlas.features["key_tokens"], return_counts=True)
    order = np.lexsort((ids, -counts))
    names = (visible(atlas.vocab[id]).strip(" ") for id in ids[order].tolist() if id >= 0)
    return list(dict.fromkeys(name for name in names if name))


def tokens_named(atlas: Atlas, query: str) -> list[int]:
    """Tokens of this text: with ␣ or spaces typed exactly that one, without any the token with or without a space."""
    shown, wanted = vocabulary(atlas).shown, spelled(query)
    bare, exact = visible(query), wanted.replace("␣", " ")
    loose = wanted == wanted.strip("␣") != ""
    found = [id for id, text in enumerate(shown) if text.strip(" ") == bare] if loose else []
    return found or [id for id, text in enumerate(shown) if text == exact]


def suggestions(atlas: Atlas, query: str) -> list[str]:
    """Key tokens of the atlas near a text that is no token: those that it begins, then those that look like it."""
    wanted = visible(query).replace("␣", " ").strip(" ").casefold()
    names = vocabulary(atlas).frequent[:MOST_NAMES]
    begins = [name for name in names if wanted and name.casefold().startswith(wanted)][:SUGGESTIONS]
    alike = difflib.get_close_matches(wanted, [name for name in names if name not in begins], SUGGESTIONS, 0.6)
    return [*begins, *alike][:SUGGESTIONS]


def words_first(names: Sequence[str]) -> list[str]:
    """Key tokens that a newcomer can read before signs and letters; otherwise in their order."""
    return sorted(names, key=lambda name: not (name.isalpha() and len(name) > 3))
