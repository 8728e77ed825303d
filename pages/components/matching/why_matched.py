"""Why a feature was found: the example that shows it, the tokens that were looked for, and the reason in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas import Atlas
from ne_core.atlas.names import embeddings_name
from ne_core.numbers import fixed
from ne_core.queries.passages import (
    Passages,
    Rows,
    matching_tokens,
    passages,
    phrase_pattern,
    proximity,
    rows_of,
    windows_of,
    word_patterns,
)
from ne_core.text.words import folded, words_of
from pages.components.cached.vocabulary import tokens_named, vocabulary
from pages.components.matching.find import Found, piece_of
from pages.components.url import location
from pages.components.url.search_view import View

MOST_WORDS = 8  # that an example has, in the words on why it is shown


@dataclass(frozen=True)
class Match:
    """The row of the neuron that shows why its feature was found, and the reason."""

    row: int
    why: str


def matches(atlas: Atlas, view: View, found: Found, span: slice) -> list[Match]:
    """For each of the found features in `span`: the example that shows why best, the central one of equal ones."""
    ids = found.ids[span]
    if view.like is not None:
        space = embeddings_name(atlas.manifest, view.space)
        whys = [f"cosine {fixed(cosine)} between central examples, as {space}" for cosine in found.cosines[span]]
        rows = atlas.features["central"][ids].tolist()
        return [Match(row, minus(why)) for row, why in zip(rows, whys, strict=True)]
    rows = rows_of(atlas, ids)
    kinds = {"token": by_token, "snippet": by_piece}.get(view.mode, by_words)(atlas, view, rows)
    return [match(atlas, id, rows, kinds, place) for place, id in enumerate(ids.tolist())]


def minus(text: str) -> str:
    return text.replace("-0", "−0")


@dataclass(frozen=True)
class Kind:
    """Examples that show why a feature was found, and what that says of so many of them.

    The lowest `rank` is shown first. `words` are what is said of each where that is not the same.
    """

    among: Bool[np.ndarray, " n"]
    what: str = ""
    rank: Float[np.ndarray, " n"] | None = None
    words: Sequence[str] | None = None


def match(atlas: Atlas, id: int, rows: Rows, kinds: Sequence[Kind], place: int) -> Match:
    """By the first kind that the feature has an example of."""
    mine, central = rows.owner == place, int(atlas.features["central"][id])
    for kind in kinds:
        here = np.flatnonzero(mine & kind.among)
        if len(here):
            rank = np.zeros(len(here)) if kind.rank is None else kind.rank[here]
            at = int(here[np.lexsort((here, rows.row[here] != central, rank))[0]])
            why = kind.words[at] if kind.words else f"{kind.what} {of_all(len(here), int(mine.sum()))}"
            return Match(int(rows.row[at]), why)
    return Match(central, "")


def of_all(count: int, n: int) -> str:
    return f"{count} of {n} examples" if n > 1 else "its one example"


def by_token(atlas: Atlas, view: View, rows: Rows) -> list[Kind]:
    keys = atlas.tokens[rows.example, rows.pos]
    return [Kind(np.isin(keys, tokens_named(atlas, view.q)), f"{atlas.manifest.vocabulary.key_token} of")]


def by_piece(atlas: Atlas, view: View, rows: Rows) -> list[Kind]:
    piece = piece_of(view.q)
    lines = passages(windows_of(atlas, rows), piece.texts(atlas)).matching_lines(piece.pattern)
    return [Kind(marked(lines, len(rows.owner)), "stands in")]


def by_words(atlas: Atlas, view: View, rows: Rows) -> list[Kind]:
    """What the index looked for, the plainest reason first: it has key tokens as words by themselves, too."""
    texts, words = vocabulary(atlas).folded, words_of(view.q)
    lines = passages(windows_of(atlas, rows), texts)
    if len(words) > 1:
        in_a_row, span = proximity(lines, words)
        kinds = [Kind(in_a_row, "has these words in a row in"), Kind(np.isfinite(span), "has all words in", span)]
    else:
        keys = passages(atlas.tokens[rows.example, rows.pos][:, None], texts)
        key = f"matches the {atlas.manifest.vocabulary.key_token} of"
        kinds = [Kind(holding(keys, words)[0], key), Kind(holding(lines, words)[0], "matches the text of")]
    shown = np.unique(rows.owner[np.any([kind.among for kind in kinds], axis=0)])
    return kinds if len(shown) == len(np.unique(rows.owner)) else [*kinds, apart(atlas, words, rows, lines)]


def apart(atlas: Atlas, words: Sequence[str], rows: Rows, lines: Passages) -> Kind:
    """Examples with some of the words, those with most of them first; a token may be one, inside a longer word."""
    has = holding(lines, words) | by_themselves(atlas, words, windows_of(atlas, rows))
    if len(words) == 1:
        return Kind(has[0], "matches a part of a word of")
    kinds, which = np.unique(has, axis=1, return_inverse=True)
    whys = [apart_words([word for word, there in zip(words, kind, strict=True) if there]) for kind in kinds.T]
    return Kind(has.any(axis=0), rank=-has.sum(axis=0).astype(float), words=[whys[i] for i in which.reshape(-1)])


def apart_words(held: Sequence[str]) -> str:
    """What is said of an example that has some of the words."""
    names = [f"“{word}”" for word in dict.fromkeys(held)]
    more = [f"{len(names) - MOST_WORDS} more"] if len(names) > MOST_WORDS else []
    has = location.listed([*names[:MOST_WORDS], *more], "and") if names else "none of them"
    return f"no example has all of these words; this one has {has}"


def holding(lines: Passages, words: Sequence[str]) -> Bool[np.ndarray, "n_words n"]:
    """Which lines hold each of the words, the last of them as a beginning."""
    return np.array([marked(lines.matching_lines(pattern), len(lines.starts)) for pattern in word_patterns(words)])


def by_themselves(
    atlas: Atlas, words: Sequence[str], tokens: Int[np.ndarray, "n length"]
) -> Bool[np.ndarray, "n_words n"]:
    """In which rows of tokens each of the words is a token of its own, whatever stands beside it; −1 is no token."""
    texts = vocabulary(atlas).folded
    is_one = holding(passages(np.arange(len(texts))[:, None], texts), words)
    return np.array([np.append(each, False)[tokens].any(axis=1) for each in is_one])


def marked(lines: Int[np.ndarray, " found"], n: int) -> Bool[np.ndarray, " {n}"]:
    flags = np.zeros(n, dtype=bool)
    flags[lines] = True
    return flags


def highlighted(atlas: Atlas, view: View, line: dict) -> list[int]:
    """Which tokens of a line hold what was looked for; a word or a piece may run over several."""
    if view.like is not None:
        return []
    if view.mode == "token":
        return [line["k"]]
    if view.mode == "snippet":
        piece = piece_of(view.q)
        return matching_tokens([text if piece.capitals else text.casefold() for text in line["t"]], [piece.pattern])
    return words_held([folded(text) for text in line["t"]], words_of(view.q))


def words_held(texts: Sequence[str], words: Sequence[str]) -> list[int]:
    """The words in a row where they stand so; else every one of them, as a word or as a token inside a longer one."""
    if not words:
        return []
    lit = matching_tokens(texts, [phrase_pattern(words)])
    for pattern in word_patterns(words) if not lit or len(words) == 1 else ():
        lit += matching_tokens(texts, [pattern]) or [i for i, text in enumerate(texts) if pattern.search(text)]
    return sorted(set(lit))
