"""Search features by the words and tokens of their examples, over the atlas's SQLite index.

The index is contentless: it answers with feature ids, and the atlas supplies the text.

    CREATE VIRTUAL TABLE text USING fts5(key_tokens, snippets, content='', detail=...)   -- rowid = feature id
    CREATE TABLE key_token(token INTEGER, feature INTEGER, examples INTEGER)             -- indexed by token
"""

import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from ne_core.arrays import AtlasError, first_line


@dataclass(frozen=True)
class Hits:
    """Feature ids, best first, and how many there are in all."""

    ids: list[int]
    total: int


class SearchIndex:
    """Read-only; a connection for every query, since sqlite connections do not cross threads."""

    def __init__(self, path: Path):
        self.path = path

    def words(self, query: str, limit: int, offset: int = 0) -> Hits:
        """Features whose key tokens or snippets hold all of the query's words; key tokens weigh ten times as much."""
        terms = fts_terms(query)
        if not terms:
            return Hits([], 0)
        return self._hits(
            "SELECT rowid FROM text WHERE text MATCH ? ORDER BY bm25(text, 10.0, 1.0), rowid LIMIT ? OFFSET ?",
            "SELECT count(*) FROM text WHERE text MATCH ?",
            (terms,),
            limit,
            offset,
        )

    def key_token(self, tokens: list[int], limit: int, offset: int = 0) -> Hits:
        """Features that have one of these tokens as a key token, those with most such examples first."""
        where = f"FROM key_token WHERE token IN ({', '.join('?' * len(tokens))})"
        return self._hits(
            f"SELECT feature {where} GROUP BY feature ORDER BY sum(examples) DESC, feature LIMIT ? OFFSET ?",
            f"SELECT count(DISTINCT feature) {where}",
            tuple(tokens),
            limit,
            offset,
        )

    def _hits(self, select: str, count: str, parameters: tuple, limit: int, offset: int) -> Hits:
        uri = f"{self.path.absolute().as_uri()}?mode=ro&immutable=1"
        try:
            with sqlite3.connect(uri, uri=True) as connection:
                connection.execute("PRAGMA trusted_schema = OFF")  # the file may come from a stranger
                ids = [row[0] for row in connection.execute(select, (*parameters, limit, offset))]
                return Hits(ids, connection.execute(count, parameters).fetchone()[0])
        except sqlite3.Error as error:
            raise AtlasError(f"{self.path} cannot be searched ({first_line(error)}): build the atlas again") from None


def fts_terms(query: str) -> str:
    """The query's words, quoted so that nothing in them is read as FTS5 syntax; all of them must match.

    The last word is a prefix, since people search while they type.
    """
    words = re.findall(r"\w+", query)
    return " ".join(f'"{word}"' for word in words) + ("*" if words else "")
