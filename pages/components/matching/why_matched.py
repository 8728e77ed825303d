"""The reason why a feature matches a search: the example that shows it, the matching tokens, and a phrase."""

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
    rows_of,
    windows_of,
    word_patterns,
)
from ne_core.text.phrases import listed
from ne_core.text.words import folded, words_of
from pages.components.cached.vocabulary import tokens_named, vocabulary
from pages.components.matching.find import SearchResults, nearness, piece_of
from pages.components.url.search_view import View

MOST_WORDS = 8  # words of an example that the reason lists


@dataclass(frozen=True)
class Match:
    """The row of the neuron that best shows why its feature matches, and the reason."""

    row: int
    why: str


def matches(atlas: Atlas, view: View, results: SearchResults, span: slice) -> list[Match]:
    """Find the example that best shows why each of the results in `span` matches; the central one among equals.

    With a filter by source, examples from there come first, except for features that are similar by their central ones.
    """
    ids = results.ids[span]
    if view.like is not None:
        space = embeddings_name(atlas.manifest, view.space)
        whys = [f"cosine {fixed(cosine)} between central examples, as {space}" for cosine in results.cosines[span]]
        rows = atlas.features["central"][ids].tolist()
        return [Match(row, minus(why)) for row, why in zip(rows, whys, strict=True)]
    rows = rows_of(atlas, ids)
    kinds = {"token": by_token, "snippet": by_piece}.get(view.mode, by_words)(atlas, view, rows)
    wanted = wanted_rows(atlas, view, rows)
    return [match(atlas, id, rows, kinds, place, wanted) for place, id in enumerate(ids.tolist())]


def wanted_rows(atlas: Atlas, view: View, rows: Rows) -> Bool[np.ndarray, " n"]:
    """Mask of the rows from the source of the filter; all without one."""
    if view.among.source is None:
        return np.ones(len(rows.owner), dtype=bool)
    documents = atlas.documents
    return documents.beginning(view.among.source)[documents.at(rows.example, rows.pos)]


def minus(text: str) -> str:
    return text.replace("-0", "−0")


@dataclass(frozen=True)
class Kind:
    """A kind of match: the examples that match in this way, and `what` the reason says about their number.

    The example of lowest `rank` is preferred. `words` are the reasons of the examples where these differ.
    """

    among: Bool[np.ndarray, " n"]
    what: str = ""
    rank: Float[np.ndarray, " n"] | None = None
    words: Sequence[str] | None = None


def match(
    atlas: Atlas, id: int, rows: Rows, kinds: Sequence[Kind], place: int, wanted: Bool[np.ndarray, " n"]
) -> Match:
    """Match of the feature at `place` of the owners, by the first kind of which it has wanted examples, else any."""
    is_owned, central = rows.owner == place, int(atlas.features["central"][id])
    for kind in sorted(kinds, key=lambda each: not (is_owned & each.among & wanted).any()):
        indices = np.flatnonzero(is_owned & kind.among)
        if len(indices):
            rank = np.zeros(len(indices)) if kind.rank is None else kind.rank[indices]
            first = np.lexsort((indices, rows.row[indices] != central, rank, ~wanted[indices]))[0]
            best = int(indices[first])
            why = kind.words[best] if kind.words else f"{kind.what} {of_all(len(indices), int(is_owned.sum()))}"
            return Match(int(rows.row[best]), why)
    return Match(central, "")


def of_all(count: int, n: int) -> str:
    return f"{count} of {n} examples" if n > 1 else "its one example"


def by_token(atlas: Atlas, view: View, rows: Rows) -> list[Kind]:
    keys = atlas.tokens[rows.example, rows.pos]
    return [Kind(np.isin(keys, tokens_named(atlas, view.q)), f"{atlas.manifest.vocabulary.key_token} of")]


def by_piece(atlas: Atlas, view: View, rows: Rows) -> list[Kind]:
    piece = piece_of(view.q)
    lines = passages(windows_of(atlas, rows), piece.texts(atlas)).matching_lines(piece.pattern)
    return [Kind(marked(lines, len(rows.owner)), "occurs in")]


def by_words(atlas: Atlas, view: View, rows: Rows) -> list[Kind]:
    """Kinds of matches of the word index, the most direct first; the index also has key tokens as separate words."""
    texts, words = vocabulary(atlas).folded, words_of(view.q)
    lines = passages(windows_of(atlas, rows), texts)
    if len(words) > 1:
        near = nearness(atlas, rows, words)
        has_all = Kind(np.isfinite(near.from_key), "has all words in", near.from_key)
        kinds = [Kind(near.in_a_row, "has these words in a row in", near.from_key), has_all]
    else:
        keys = passages(atlas.tokens[rows.example, rows.pos][:, None], texts)
        key = f"matches the {atlas.manifest.vocabulary.key_token} of"
        kinds = [Kind(holding(keys, words)[0], key), Kind(holding(lines, words)[0], "matches the text of")]
    explained = np.unique(rows.owner[np.any([kind.among for kind in kinds], axis=0)])
    return kinds if len(explained) == len(np.unique(rows.owner)) else [*kinds, apart(atlas, words, rows, lines)]


def apart(atlas: Atlas, words: Sequence[str], rows: Rows, lines: Passages) -> Kind:
    """Kind of examples with some of the words, most of them first; a word may be a token inside a longer word."""
    has = holding(lines, words) | by_themselves(atlas, words, windows_of(atlas, rows))
    if len(words) == 1:
        return Kind(has[0], "matches a part of a word of")
    kinds, which = np.unique(has, axis=1, return_inverse=True)
    whys = [apart_words([word for word, present in zip(words, kind, strict=True) if present]) for kind in kinds.T]
    return Kind(has.any(axis=0), rank=-has.sum(axis=0).astype(float), words=[whys[i] for i in which.reshape(-1)])


def apart_words(held: Sequence[str]) -> str:
    """Reason of an example that has some of the words."""
    names = [f"“{word}”" for word in dict.fromkeys(held)]
    rest = [f"{len(names) - MOST_WORDS} more"] if len(names) > MOST_WORDS else []
    has = listed([*names[:MOST_WORDS], *rest], "and") if names else "none of them"
    return f"no example has all of these words; this one has {has}"


def holding(lines: Passages, words: Sequence[str]) -> Bool[np.ndarray, "n_words n"]:
    """Mask of the lines that contain each word; the last word may be the beginning of a longer one."""
    return np.array([marked(lines.matching_lines(pattern), len(lines.starts)) for pattern in word_patterns(words)])


def by_themselves(
    atlas: Atlas, words: Sequence[str], tokens: Int[np.ndarray, "n length"]
) -> Bool[np.ndarray, "n_words n"]:
    """Mask of the rows of tokens in which each word is a token, whatever the tokens beside it; −1 is no token."""
    texts = vocabulary(atlas).folded
    is_word = holding(passages(np.arange(len(texts))[:, None], texts), words)
    return np.array([np.append(each, False)[tokens].any(axis=1) for each in is_word])


def marked(lines: Int[np.ndarray, " k"], n: int) -> Bool[np.ndarray, " {n}"]:
    flags = np.zeros(n, dtype=bool)
    flags[lines] = True
    return flags


def highlighted(atlas: Atlas, view: View, line: dict) -> list[int]:
    """Indices of the tokens of a line that match the search; a word or a piece may cover several tokens."""
    if view.like is not None:
        return []
    if view.mode == "token":
        return [line["k"]]
    if view.mode == "snippet":
        piece = piece_of(view.q)
        return matching_tokens([text if piece.capitals else text.casefold() for text in line["t"]], [piece.pattern])
    return words_held([folded(text) for text in line["t"]], words_of(view.q))


def words_held(texts: Sequence[str], words: Sequence[str]) -> list[int]:
    """Indices of tokens with the words in a row; else of each word, alone or as a token inside a longer word."""
    if not words:
        return []
    indices = matching_tokens(texts, [phrase_pattern(words)])
    for pattern in word_patterns(words) if not indices or len(words) == 1 else ():
        indices += matching_tokens(texts, [pattern]) or [i for i, text in enumerate(texts) if pattern.search(text)]
    return sorted(set(indices))
