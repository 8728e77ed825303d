"""The vocabulary of an atlas as people type it and as search compares it, computed once per atlas."""

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
MOST_NAMES = 5_000  # key tokens, the most common first, that suggestions are taken from


@dataclass(frozen=True)
class Vocabulary:
    """Every token in the forms that a search needs, and the key tokens of the atlas."""

    folded: list[str]  # as the word index has them, with spaces for line breaks
    displayed: list[str]  # as examples display them
    lowered: list[str]  # the displayed form without capitals
    frequent: list[str]  # key tokens as they are typed, those of most features first


@per_atlas()
def vocabulary(atlas: Atlas) -> Vocabulary:
    interned: dict[str, str] = {}  # the forms of most tokens are equal: three copies of 50,000 would take megabytes
    displayed, plain = ([form(text) for text in atlas.vocab] for form in (visible, folded))
    plain = [text.replace(BREAK, " ") for text in plain]
    lowered = [text.casefold() for text in displayed]
    forms = ([interned.setdefault(text, text) for text in texts] for texts in (plain, displayed, lowered))
    return Vocabulary(*forms, frequent(atlas))


def frequent(atlas: Atlas) -> list[str]:
    ids, counts = np.unique(atlas.features["key_tokens"], return_counts=True)
    order = np.lexsort((ids, -counts))
    names = (visible(atlas.vocab[id]).strip(" ") for id in ids[order].tolist() if id >= 0)
    return list(dict.fromkeys(name for name in names if name))


def tokens_named(atlas: Atlas, query: str) -> list[int]:
    """Ids of the tokens with this text: exactly if it has ␣ or outer spaces, else with or without a space."""
    displayed, wanted = vocabulary(atlas).displayed, spelled(query)
    bare, exact = visible(query), wanted.replace("␣", " ")
    loose = wanted == wanted.strip("␣") != ""
    ids = [id for id, text in enumerate(displayed) if text.strip(" ") == bare] if loose else []
    return ids or [id for id, text in enumerate(displayed) if text == exact]


def suggestions(atlas: Atlas, query: str) -> list[str]:
    """Key tokens of the atlas similar to a text that is not a token: first those that start with it."""
    wanted = visible(query).replace("␣", " ").strip(" ").casefold()
    names = vocabulary(atlas).frequent[:MOST_NAMES]
    longer = [name for name in names if wanted and name.casefold().startswith(wanted)][:SUGGESTIONS]
    similar = difflib.get_close_matches(wanted, [name for name in names if name not in longer], SUGGESTIONS, 0.6)
    return [*longer, *similar][:SUGGESTIONS]


def words_first(names: Sequence[str]) -> list[str]:
    """Sort key tokens stably: words first, then signs and short pieces."""
    return sorted(names, key=lambda name: not (name.isalpha() and len(name) > 3))
