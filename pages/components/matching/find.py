"""Search: which features a view asks for, best first."""

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas
from ne_core.atlas.search import BEGINNING
from ne_core.queries.feature_filter import FeatureFilter, feature_classes
from ne_core.queries.passages import passages, piece_pattern, proximity, rows_of, windows_of
from ne_core.queries.space_index import space_index
from ne_core.text.token_text import visible
from ne_core.text.words import words_of
from pages.components.cached.per_atlas import per_atlas
from pages.components.cached.vocabulary import tokens_named, vocabulary
from pages.components.text.page_words import pages_there_are
from pages.components.url import location
from pages.components.url.search_view import View

PAGE = 20
MOST_LIKE = 500  # features like one that can be paged through
MOST_WINDOWS = 6_000  # examples that are read through for a piece of text or several words: some 25 ms
SIGNS = re.compile(r"\[U\+[0-9A-F]{4,6}\]|\\x[0-9a-f]{2}")  # how text shows what has no picture


@dataclass(frozen=True)
class Found:
    """Feature ids, best first, that pass the filters; how many there are without filters.

    `examples` or `cosines` is what each was ranked by, where that is not its size. `unread` features hold the words
    and were not read through. Of several words: the first `in_a_row` features have them so in an example, the next
    `in_one` have all of them in one, then come the unread, then those that have them in different examples.
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


def found_by(atlas: Atlas, view: View) -> Found:
    """All features that a view finds; of those like one, the nearest MOST_LIKE."""
    if view.like is not None:
        return like(atlas, view)
    if view.mode == "snippet":
        return by_piece(atlas, view)
    ids = by_index(atlas, view)
    passes = ids[passing(atlas, view.among)[ids]]
    if view.mode == "words" and len(words_of(view.q)) > 1:
        return by_nearness(atlas, passes, view.q, len(ids))
    return Found(passes, len(ids))


def by_index(atlas: Atlas, view: View) -> Int[np.ndarray, " n"]:
    if view.mode == "token":
        return atlas.search.key_token(tokens_named(atlas, view.q))
    return (atlas.search.named if view.mode == "name" else atlas.search.words)(view.q)


def passing(atlas: Atlas, among: FeatureFilter):
    return among.passing(atlas, classes(atlas))


@per_atlas()
def classes(atlas: Atlas) -> Int[np.ndarray, " n_features"]:
    return feature_classes(atlas)


def like(atlas: Atlas, view: View) -> Found:
    """The nearest features of other neurons by cosine with the feature's central example."""
    index, own = space_index(atlas, view.space), atlas.feature_ids(view.like.of)
    cosines = index.cosines(index.vectors(np.array([atlas.feature_id(view.like)]))[0])
    among = passing(atlas, view.among)
    among[own.start : own.stop] = False
    ids = np.flatnonzero(among)
    if len(ids) > MOST_LIKE:
        ids = ids[np.argpartition(-cosines[ids], MOST_LIKE - 1)[:MOST_LIKE]]
    ids = ids[np.lexsort((ids, -cosines[ids]))]
    return Found(ids, len(cosines) - len(own), cosines=cosines[ids])


def by_nearness(atlas: Atlas, ids: Int[np.ndarray, " n"], q: str, unfiltered: int) -> Found:
    """Features that have all of the words: those that have them in a row first, then the nearest together.

    Of equal ones, and of those that have them in different examples, the order is the index's.
    """
    read = readable(atlas, ids)
    rows = rows_of(atlas, ids[:read])
    lines = passages(windows_of(atlas, rows), vocabulary(atlas).folded)
    row, span = proximity(lines, words_of(q))
    counts, nearest = np.bincount(rows.owner[row], minlength=read), np.full(read, np.inf)
    np.minimum.at(nearest, rows.owner, span)
    nearest[counts > 0] = 0
    order, n = np.lexsort((nearest, -counts)), np.count_nonzero(np.isfinite(nearest))
    ranked = np.concatenate([ids[order[:n]], ids[read:], ids[order[n:]]])
    in_a_row = int(np.count_nonzero(counts))
    return Found(ranked, unfiltered, unread=len(ids) - read, in_a_row=in_a_row, in_one=n - in_a_row)


def readable(atlas: Atlas, ids: Int[np.ndarray, " n"]) -> int:
    """How many of the features are read through, from the first on; one at least, where there is one."""
    windows = np.cumsum(atlas.features["size"][ids])
    return min(len(ids), max(1, int(np.searchsorted(windows, MOST_WINDOWS, side="right"))))


def by_piece(atlas: Atlas, view: View) -> Found:
    """Features with the text as it stands in an example: those with most such examples first, then larger ones.

    The word index says who holds its words; those are read through, the largest first, as long as the bound allows.
    """
    candidates = with_words_of(atlas, view.q)
    passes = candidates[passing(atlas, view.among)[candidates]]
    read = passes[: readable(atlas, passes)]
    counts = np.bincount(owners_holding(atlas, read, view.q), minlength=len(read))
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    return Found(read[order], len(candidates), examples=counts[order], unread=len(passes) - len(read))


def with_words_of(atlas: Atlas, piece: str) -> Int[np.ndarray, " n"]:
    """Features that may hold the piece: those with its words, or all where it has none that the index knows."""
    plain = SIGNS.sub(" ", piece)
    words = words_of(plain)
    if len(words) > 1 and re.search(r"\w$", plain) and len(words[-1]) < BEGINNING:
        words = words[:-1]  # it may be the beginning of any word
    return atlas.search.words(" ".join(words)) if words else np.argsort(-atlas.features["size"], kind="stable")


def owners_holding(atlas: Atlas, ids: Int[np.ndarray, " n"], q: str) -> Int[np.ndarray, " found"]:
    """For every example that holds the piece, the place of its feature in `ids`."""
    rows, piece = rows_of(atlas, ids), piece_of(q)
    return rows.owner[passages(windows_of(atlas, rows), piece.texts(atlas)).matching_lines(piece.pattern)]


@dataclass(frozen=True)
class Piece:
    """A literal piece of text. Capitals count when it has some."""

    pattern: re.Pattern
    capitals: bool

    def texts(self, atlas: Atlas) -> list[str]:
        """The tokens as they are compared with it."""
        return vocabulary(atlas).shown if self.capitals else vocabulary(atlas).lowered


def piece_of(q: str) -> Piece:
    """As examples show it, so that what was copied from the screen is found."""
    shown = visible(q)
    return Piece(piece_pattern(shown), shown != shown.casefold())


def on_a_page(at: location.Location, view: View, found: Found | None) -> View:
    """The view on a page that the search has."""
    pages = range(max(1, -(-len(found) // PAGE))) if found is not None else range(1)
    if view.page in pages:
        return view
    at.wrong("page", f"this search has {pages_there_are(len(pages))}")
    return view.to(page=pages[-1])
