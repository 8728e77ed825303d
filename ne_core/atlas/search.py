"""Search features by the words and tokens of their examples, over the atlas's SQLite index.

The index is contentless: it answers with feature ids, and the atlas supplies the text. It knows which features have a
word and nothing more, so that a feature costs some hundred bytes; what a word is, `words_of` decides on both sides.

    CREATE VIRTUAL TABLE text USING fts5(words, …)    -- of a feature's key tokens and snippets; rowid = feature id
    CREATE VIRTUAL TABLE named USING fts5(words, …)   -- of its name
    CREATE TABLE key_token(token, feature, examples)  -- by token
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int

from ne_core.errors import AtlasError, first_line
from ne_core.text.words import words_of

SECONDS = 5.0  # that a query may take; the slowest honest one took 0.2 at a million snippets
STEPS = 10_000  # of SQLite's between looks at the clock
MOST_BYTES = 2**24  # of any one value
BEGINNING = 3  # letters that the last word must have to stand for all words that begin so
NOTHING = np.zeros(0, dtype=np.int64)

# Everything in the file is its maker's: a view in a table's place could run for ever, or run functions.
STRANGE = """
SELECT count(*) FROM sqlite_schema WHERE type IN ('view', 'trigger')
OR (name IN ('text', 'named', 'key_token') AND type != 'table')
"""


class SearchIndex:
    """Read-only; a connection for every query, since sqlite connections do not cross threads.

    Every search returns all features that it finds, best first: ids as a numpy column, to be filtered and cut there.
    """

    def __init__(self, path: Path, sizes: Int[np.ndarray, " n_features"]):
        self.path, self.sizes = path, sizes

    def words(self, query: str) -> Int[np.ndarray, " found"]:
        """Features whose key tokens or snippets hold all of the query's words.

        Those whose names hold them come first, then larger features: FTS5's own rank prefers short texts, which are
        features of one example.
        """
        terms = fts_terms(query)
        if not terms:
            return NOTHING
        with self._asking() as connection:
            found, named = (self._matching(connection, table, terms) for table in ("text", "named"))
        return np.concatenate([self._ranked(found & named), self._ranked(found & ~named)])

    def named(self, query: str) -> Int[np.ndarray, " found"]:
        """Features whose names hold all of the query's words, the largest first."""
        terms = fts_terms(query)
        if not terms:
            return NOTHING
        with self._asking() as connection:
            return self._ranked(self._matching(connection, "named", terms))

    def key_token(self, tokens: list[int]) -> Int[np.ndarray, " found"]:
        """Features that have one of these tokens as a key token, those with most such examples first."""
        where = f"WHERE token IN ({', '.join('?' * len(tokens))})"
        best = f"SELECT feature FROM key_token {where} GROUP BY feature ORDER BY sum(examples) DESC, feature LIMIT ?"
        with self._asking() as connection:
            rows = connection.execute(best, (*tokens, len(self.sizes))).fetchall()
        ids = np.array(rows).reshape(-1) if rows else NOTHING
        self._check(ids.dtype.kind == "i" and self._known(ids))
        return ids

    def _matching(self, connection: sqlite3.Connection, table: str, terms: str) -> Bool[np.ndarray, " n_features"]:
        """Which features a table of words answers with.

        As one text of numbers: 150,000 rows take SQLite 9 ms so, and Python 40 ms one by one. No more rows are asked
        for than there are features: what says more is not ours.
        """
        rows = f"SELECT rowid FROM {table} WHERE {table} MATCH ? LIMIT ?"
        answer = connection.execute(f"SELECT group_concat(rowid) FROM ({rows})", (terms, len(self.sizes))).fetchone()[0]
        found = np.zeros(len(self.sizes), dtype=bool)
        if answer:
            self._check(answer.replace(",", "").isdecimal())
            ids = np.fromstring(answer, dtype=np.int64, sep=",")
            self._check(len(ids) == answer.count(",") + 1 and self._known(ids))
            found[ids] = True
        return found

    def _ranked(self, found: Bool[np.ndarray, " n_features"]) -> Int[np.ndarray, " found"]:
        return self._largest_first[found[self._largest_first]]

    @cached_property
    def _largest_first(self) -> Int[np.ndarray, " n_features"]:
        return np.argsort(-self.sizes, kind="stable")

    def _known(self, ids: Int[np.ndarray, " n"]) -> bool:
        return bool(((ids >= 0) & (ids < len(self.sizes))).all())

    def _check(self, good: bool) -> None:
        if not good:
            raise AtlasError(f"{self.path} names features that the atlas does not have: build the atlas again")

    @contextmanager
    def _asking(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._connection()) as connection:
                yield connection
        except sqlite3.Error as error:
            raise AtlasError(f"{self.path} cannot be searched ({first_line(error)}): build the atlas again") from None

    def _connection(self) -> sqlite3.Connection:
        """Open for reading, with little trust: for a limited time, and without anything that is not a table."""
        connection = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
        end = time.monotonic() + SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > end, STEPS)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        if connection.execute(STRANGE).fetchone()[0]:
            raise sqlite3.DatabaseError("it holds views or triggers")
        return connection


def fts_terms(query: str) -> str:
    """The query's words, quoted so that nothing in them is read as FTS5 syntax; all of them must match.

    The last word may be a beginning, from a few letters on: fewer begin so many words that joining their lists takes
    most of a second.
    """
    words = words_of(query)
    terms = " ".join(f'"{word}"' for word in words)
    return f"{terms}*" if words and len(words[-1]) >= BEGINNING else terms
