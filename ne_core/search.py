"""Search features by the words and tokens of their examples, over the atlas's SQLite index.

The index is contentless: it answers with feature ids, and the atlas supplies the text. It knows which features have a
word and nothing more, so that a feature costs some hundred bytes; what a word is, `words_of` decides on both sides.

    CREATE VIRTUAL TABLE text USING fts5(words, …)    -- of a feature's key tokens and snippets; rowid = feature id
    CREATE VIRTUAL TABLE named USING fts5(words, …)   -- of its key tokens alone
    CREATE TABLE key_token(token, feature, examples)  -- by token
"""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int

from ne_core.arrays import AtlasError, first_line
from ne_core.words import words_of

SECONDS = 5.0  # that a query may take; the slowest honest one took 0.2 at a million snippets
STEPS = 10_000  # of SQLite's between looks at the clock
MOST_BYTES = 2**24  # of any one value

# Everything in the file is its maker's: a view in a table's place could run for ever, or run functions.
STRANGE = """
SELECT count(*) FROM sqlite_schema WHERE type IN ('view', 'trigger')
OR (name IN ('text', 'named', 'key_token') AND type != 'table')
"""


@dataclass(frozen=True)
class Hits:
    """Feature ids, best first, and how many there are in all."""

    ids: list[int]
    total: int


class SearchIndex:
    """Read-only; a connection for every query, since sqlite connections do not cross threads."""

    def __init__(self, path: Path, sizes: Int[np.ndarray, " n_features"]):
        self.path, self.sizes = path, sizes

    def words(self, query: str, limit: int, offset: int = 0) -> Hits:
        """Features whose key tokens or snippets hold all of the query's words.

        Those whose key tokens alone hold them come first, then larger features: FTS5's own rank prefers short texts,
        which are features of one example.
        """
        terms = fts_terms(query)
        if not terms:
            return Hits([], 0)
        found, named = self._ids(*((f"SELECT rowid FROM {t} WHERE {t} MATCH ?", terms) for t in ("text", "named")))
        order = np.lexsort((found, -self.sizes[found], ~np.isin(found, named)))
        return Hits(found[order[offset : offset + limit]].tolist(), len(found))

    def key_token(self, tokens: list[int], limit: int, offset: int = 0) -> Hits:
        """Features that have one of these tokens as a key token, those with most such examples first."""
        where = f"WHERE token IN ({', '.join('?' * len(tokens))})"
        best = f"SELECT feature FROM key_token {where} GROUP BY feature ORDER BY sum(examples) DESC, feature"
        (found,) = self._ids((best, *tokens))
        return Hits(found[offset : offset + limit].tolist(), len(found))

    def _ids(self, *queries: tuple) -> list[Int[np.ndarray, " n"]]:
        """The feature ids that each query, its text followed by its parameters, answers with."""
        try:
            with closing(self._connection()) as connection:
                answers = [self._answer(connection, *query) for query in queries]
        except sqlite3.Error as error:
            raise AtlasError(f"{self.path} cannot be searched ({first_line(error)}): build the atlas again") from None
        n_features = len(self.sizes)
        if not all(isinstance(id, int) and 0 <= id < n_features for ids in answers for id in ids):
            raise AtlasError(f"{self.path} names features that the atlas does not have: build the atlas again")
        return [np.array(ids, dtype=np.int64) for ids in answers]

    def _answer(self, connection: sqlite3.Connection, select: str, *parameters) -> list:
        """No more ids than there are features: what says more is not ours."""
        rows = connection.execute(f"{select} LIMIT ?", (*parameters, len(self.sizes))).fetchall()
        return [row[0] for row in rows]

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

    The last word is a prefix, since people search while they type.
    """
    terms = " ".join(f'"{word}"' for word in words_of(query))
    return f"{terms}*" if terms else ""
