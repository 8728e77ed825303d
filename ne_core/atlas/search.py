"""Search features by the words and tokens of their examples, over the atlas's SQLite index.

The index is contentless: it returns feature ids, and the atlas supplies the text. It stores only which features have
a word, some hundred bytes per feature; `words_of` divides texts and queries into words.

    CREATE VIRTUAL TABLE text USING fts5(words, …)    -- words of key tokens and snippets; rowid = feature id
    CREATE VIRTUAL TABLE named USING fts5(words, …)   -- words of the name
    CREATE TABLE key_token(token, feature, examples)  -- by token
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int

from ne_core.errors import AtlasError, first_line
from ne_core.text.words import words_of

SECONDS = 5.0  # time limit of a query; the slowest normal one took 0.2 s with a million snippets
STEPS = 10_000  # SQLite steps between checks of the time
MOST_BYTES = 2**24  # maximum size of a value
BEGINNING = 3  # minimum letters of the last word to be matched as a prefix
NOTHING = np.zeros(0, dtype=np.int64)

# The file is untrusted: a view in place of a table could run forever, or run functions.
STRANGE = """
SELECT count(*) FROM sqlite_schema WHERE type IN ('view', 'trigger')
OR (name IN ('text', 'named', 'key_token') AND type != 'table')
"""


class SearchIndex:
    """Read-only index; opens a connection for every query, since sqlite connections are bound to a thread.

    Every search returns the ids of all matching features, best first, as a numpy array. Raises AtlasError for a damaged
    file.
    """

    def __init__(self, path: Path, sizes: Int[np.ndarray, " n_features"]):
        self.path, self.sizes = path, sizes

    def words(self, query: str) -> Int[np.ndarray, " matches"]:
        """Features whose key tokens or snippets contain all words of the query.

        Features whose names contain them come first, then larger features: FTS5's own rank prefers short texts, which
        are features of one example.
        """
        terms = fts_terms(query)
        if not terms:
            return NOTHING
        with self._open() as connection:
            in_text, in_name = (self._matching(connection, table, terms) for table in ("text", "named"))
        return np.concatenate([self._ranked(in_text & in_name), self._ranked(in_text & ~in_name)])

    def named(self, query: str) -> Int[np.ndarray, " matches"]:
        """Features whose names contain all words of the query, the largest first."""
        terms = fts_terms(query)
        if not terms:
            return NOTHING
        with self._open() as connection:
            return self._ranked(self._matching(connection, "named", terms))

    def beginning(self, letters: Sequence[str], most: int) -> list[str]:
        """Words of key tokens and snippets that begin with one of the letters, those of most features first."""
        # one scan a letter: with OR, SQLite drops terms whose numbers within their scans are equal
        of_letter = "SELECT term, doc FROM temp.terms WHERE term >= ? AND term < ?"
        terms = f"SELECT term FROM ({' UNION ALL '.join([of_letter] * len(letters))}) ORDER BY doc DESC, term LIMIT ?"
        ends = [end for letter in letters for end in (letter, chr(ord(letter) + 1))]
        with self._open() as connection:
            connection.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'text', 'row')")
            words = [term for (term,) in connection.execute(terms, (*ends, most))]
        return [word for word in words if isinstance(word, str) and words_of(word) == [word]]

    def key_token(self, tokens: list[int]) -> Int[np.ndarray, " matches"]:
        """Features that have one of these tokens as a key token, those with the most such examples first."""
        table = f"key_token WHERE token IN ({', '.join('?' * len(tokens))})"
        best = f"SELECT feature FROM {table} GROUP BY feature ORDER BY sum(examples) DESC, feature LIMIT ?"
        with self._open() as connection:
            rows = connection.execute(best, (*tokens, len(self.sizes))).fetchall()
        ids = np.array(rows).reshape(-1) if rows else NOTHING
        self._check(ids.dtype.kind == "i" and self._known(ids))
        return ids

    def _matching(self, connection: sqlite3.Connection, table: str, terms: str) -> Bool[np.ndarray, " n_features"]:
        """Mask of the features that match in a table of words.

        The ids are fetched as one text: 150,000 take 9 ms instead of 40 ms one by one. The limit is the number of
        features, in case an untrusted file returns more.
        """
        rows = f"SELECT rowid FROM {table} WHERE {table} MATCH ? LIMIT ?"
        text = connection.execute(f"SELECT group_concat(rowid) FROM ({rows})", (terms, len(self.sizes))).fetchone()[0]
        mask = np.zeros(len(self.sizes), dtype=bool)
        if text:
            self._check(text.replace(",", "").isdecimal())
            ids = np.fromstring(text, dtype=np.int64, sep=",")
            self._check(len(ids) == text.count(",") + 1 and self._known(ids))
            mask[ids] = True
        return mask

    def _ranked(self, mask: Bool[np.ndarray, " n_features"]) -> Int[np.ndarray, " matches"]:
        return self._largest_first[mask[self._largest_first]]

    @cached_property
    def _largest_first(self) -> Int[np.ndarray, " n_features"]:
        return np.argsort(-self.sizes, kind="stable")

    def _known(self, ids: Int[np.ndarray, " n"]) -> bool:
        return bool(((ids >= 0) & (ids < len(self.sizes))).all())

    def _check(self, good: bool) -> None:
        if not good:
            raise AtlasError(f"{self.path} refers to features that the atlas does not have: build the atlas again")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._connection()) as connection:
                yield connection
        except sqlite3.Error as error:
            raise AtlasError(f"{self.path} cannot be searched ({first_line(error)}): build the atlas again") from None

    def _connection(self) -> sqlite3.Connection:
        """Open an untrusted file for reading: with limits on time and size, and without views and triggers."""
        connection = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
        end = time.monotonic() + SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > end, STEPS)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cell_size_check = ON")
        if connection.execute(STRANGE).fetchone()[0]:
            raise sqlite3.DatabaseError("it holds views or triggers")
        return connection


def fts_terms(query: str) -> str:
    """Convert a query to an FTS5 expression that matches all its words, each quoted.

    The last word is matched as a prefix if it has enough letters: shorter prefixes match so many words that merging
    their lists takes most of a second.
    """
    words = words_of(query)
    terms = " ".join(f'"{word}"' for word in words)
    return f"{terms}*" if words and len(words[-1]) >= BEGINNING else terms
