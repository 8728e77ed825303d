"""Search: the features that match a view, best first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas import Atlas
from ne_core.atlas.search import BEGINNING
from ne_core.queries.feature_filter import FeatureFilter, feature_classes
from ne_core.queries.passages import (
    Proximity,
    Rows,
    key_spans,
    passages,
    piece_pattern,
    proximity,
    rows_of,
    windows_of,
)
from ne_core.queries.sources import examples_from
from ne_core.queries.space_index import space_index
from ne_core.text.token_text import visible
from ne_core.text.words import words_of
from pages.components.cached.per_atlas import per_atlas
from pages.components.cached.vocabulary import tokens_named, vocabulary
from pages.components.text.page_words import valid_pages
from pages.components.url.location import Location
from pages.components.url.search_view import View

PAGE = 20
MOST_LIKE = 500  # features similar to one that are listed
MOST_WINDOWS = 6_000  # examples scanned for a piece of text or several words: some 25 ms
SIGNS = re.compile(r"\[U\+[0-9A-F]{4,6}\]|\\x[0-9a-f]{2}")  # the display of invisible characters


@dataclass(frozen=True)
class SearchResults:
    """Ids of the features that pass the filters, best first, and `unfiltered`, their number without filters.

    `examples` (matching examples) or `cosines` is the rank of each, unless it is its size. `unread` features have the
    words and were not scanned. For several words: the first `in_a_row` features have them in a row in an example, the
    next `in_one` have all of them in one example, then the unread, then those with the words in different examples.
    """

    ids: Int[np.ndarray, " n"]
    unfiltered: int
    examples: Int[np.ndarray, " n"] | None = None
    cosines: Float[np.ndarray, " n"] | None = None
    unread: int = 0
    in_a_row: int = 0
    in_one: int = 0

    def __len__(self) -> int:
        return len(self.ids)


def run_search(atlas: Atlas, view: View) -> SearchResults:
    """Find all features that match a view; of features similar to one, the nearest MOST_LIKE."""
    if view.like is not None:
        return like(atlas, view)
    if view.mode == "snippet":
        return by_piece(atlas, view)
    ids = by_index(atlas, view)
    passes = ids[passing(atlas, view.among)[ids]]
    if view.mode == "words" and len(words_of(view.q)) > 1:
        return by_nearness(atlas, passes, view.q, len(ids))
    return SearchResults(passes, len(ids))


def by_index(atlas: Atlas, view: View) -> Int[np.ndarray, " n"]:
    if view.mode == "token":
        return atlas.search.key_token(tokens_named(atlas, view.q))
    return (atlas.search.named if view.mode == "name" else atlas.search.words)(view.q)


def mentions(atlas: Atlas, view: View) -> Int[np.ndarray, " n"]:
    """Features that have the words of a search for a token in their examples, whatever they fire on."""
    ids = atlas.search.words(view.q)
    return ids[passing(atlas, view.among)[ids]]


def passing(atlas: Atlas, among: FeatureFilter) -> Bool[np.ndarray, " n_features"]:
    n_from = None if among.source is None else counts_from(atlas, among.source)
    return among.passing(atlas, classes(atlas), n_from)


@per_atlas(entries=8)
def counts_from(atlas: Atlas, source: str) -> Int[np.ndarray, " n_features"]:
    """Number of each feature's examples from a source."""
    return examples_from(atlas, source)


@per_atlas()
def classes(atlas: Atlas) -> Int[np.ndarray, " n_features"]:
    return feature_classes(atlas)


def like(atlas: Atlas, view: View) -> SearchResults:
    """Find the nearest features of other neurons, by cosine with the feature's central example."""
    index, siblings = space_index(atlas, view.space), atlas.feature_ids(view.like.of)
    cosines = index.cosines(index.vectors(np.array([atlas.feature_id(view.like)]))[0])
    among = passing(atlas, view.among)
    among[siblings.start : siblings.stop] = False
    ids = np.flatnonzero(among)
    if len(ids) > MOST_LIKE:
        ids = ids[np.argpartition(-cosines[ids], MOST_LIKE - 1)[:MOST_LIKE]]
    ids = ids[np.lexsort((ids, -cosines[ids]))]
    return SearchResults(ids, len(cosines) - len(siblings), cosines=cosines[ids])


def by_nearness(atlas: Atlas, ids: Int[np.ndarray, " n"], q: str, unfiltered: int) -> SearchResults:
    """Rank features that have all of the words: first those with the words in a row in most examples, then those with
    all of them in one example; of equal ones first those with the words nearest to the key token, or to each other.

    Ties, and features with the words in different examples, keep the order of the index.
    """
    read = readable(atlas, ids)
    rows = rows_of(atlas, ids[:read])
    near = nearness(atlas, rows, words_of(q))
    counts = np.bincount(rows.owner[near.in_a_row], minlength=read)
    counted = near.in_a_row | (counts[rows.owner] == 0)  # of a feature with the words in a row, only such examples
    together, from_key = np.full((2, read), np.inf)
    np.minimum.at(together, rows.owner[counted], near.span[counted])
    np.minimum.at(from_key, rows.owner[counted], near.from_key[counted])
    order, n = np.lexsort((together, from_key, -counts)), np.count_nonzero(np.isfinite(from_key))
    ranked = np.concatenate([ids[order[:n]], ids[read:], ids[order[n:]]])
    in_a_row = int(np.count_nonzero(counts))
    return SearchResults(ranked, unfiltered, unread=len(ids) - read, in_a_row=in_a_row, in_one=n - in_a_row)


def nearness(atlas: Atlas, rows: Rows, words: Sequence[str]) -> Proximity:
    """Measure how near the words are to each other and to the key token in each of the examples."""
    windows, texts = windows_of(atlas, rows), vocabulary(atlas).folded
    return proximity(passages(windows, texts), words, key_spans(windows, atlas.manifest.window.key, texts))


def readable(atlas: Atlas, ids: Int[np.ndarray, " n"]) -> int:
    """Number of leading features whose examples can be scanned within MOST_WINDOWS; at least one if there is any."""
    windows = np.cumsum(atlas.features["size"][ids])
    return min(len(ids), max(1, int(np.searchsorted(windows, MOST_WINDOWS, side="right"))))


def by_piece(atlas: Atlas, view: View) -> SearchResults:
    """Find features with the exact text in an example: those with most such examples first, then larger ones.

    Candidates are the features that have its words by the index; they are scanned, largest first, up to the bound.
    """
    candidates = with_words_of(atlas, view.q)
    passes = candidates[passing(atlas, view.among)[candidates]]
    read = passes[: readable(atlas, passes)]
    counts = np.bincount(owners_holding(atlas, read, view.q), minlength=len(read))
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    return SearchResults(read[order], len(candidates), examples=counts[order], unread=len(passes) - len(read))


def with_words_of(atlas: Atlas, piece: str) -> Int[np.ndarray, " n"]:
    """Features that may contain the piece: those with its words, or all where it has no indexed word."""
    plain = SIGNS.sub(" ", piece)
    words = words_of(plain)
    if len(words) > 1 and re.search(r"\w$", plain) and len(words[-1]) < BEGINNING:
        words = words[:-1]  # too short: it may begin any word
    return atlas.search.words(" ".join(words)) if words else np.argsort(-atlas.features["size"], kind="stable")


def owners_holding(atlas: Atlas, ids: Int[np.ndarray, " n"], q: str) -> Int[np.ndarray, " n_matches"]:
    """Position in `ids` of the feature of every example that contains the piece."""
    rows, piece = rows_of(atlas, ids), piece_of(q)
    return rows.owner[passages(windows_of(atlas, rows), piece.texts(atlas)).matching_lines(piece.pattern)]


@dataclass(frozen=True)
class Piece:
    """A literal piece of text, case-sensitive if it has capitals."""

    pattern: re.Pattern
    capitals: bool

    def texts(self, atlas: Atlas) -> list[str]:
        """Texts of all tokens, in the form that the piece is compared with."""
        return vocabulary(atlas).displayed if self.capitals else vocabulary(atlas).lowered


def piece_of(q: str) -> Piece:
    """Make a piece from a query, in the form that examples display, so that text copied from the screen matches."""
    text = visible(q)
    return Piece(piece_pattern(text), text != text.casefold())


def with_valid_page(request: Location, view: View, results: SearchResults | None) -> View:
    """Replace a page that the search does not have with its last one, and report the problem."""
    pages = range(max(1, -(-len(results) // PAGE))) if results is not None else range(1)
    if view.page in pages:
        return view
    request.add_problem("page", f"this search has {valid_pages(len(pages))}")
    return view.to(page=pages[-1])
