"""Search index of an atlas: the words of each feature's key tokens, snippets and name, and its key tokens by id."""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

import numpy as np
from jaxtyping import Int

from ne_core.text.words import words_of
from precompute.steps.key_tokens import key_tokens
from precompute.steps.layer_features import LayerFeatures, Texts

SNIPPETS = 5  # most central examples of each feature whose windows are indexed

# Without texts, positions of words and lengths: a search needs only the features that have a word, and ranks by size.
# Words are split by `words_of`; this tokenizer treats all characters beyond ASCII as letters and does not split them.
OPTIONS = """content='', detail='none', columnsize=0, tokenize="ascii tokenchars '_'" """
TABLES = f"""
CREATE VIRTUAL TABLE text USING fts5(words, {OPTIONS});
CREATE VIRTUAL TABLE named USING fts5(words, {OPTIONS});
CREATE TABLE key_token(token INTEGER, feature INTEGER, examples INTEGER, PRIMARY KEY (token, feature)) WITHOUT ROWID;
"""


def write_search(
    path: Path, layers: Sequence[LayerFeatures], texts: Texts, names: Int[np.ndarray, "n_features k"]
) -> None:
    """Write the search index; the same features give the same bytes, as rows are inserted in order and then vacuumed.

    `names` are the tokens of each feature's name, padded with −1.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("PRAGMA journal_mode = OFF")  # an incomplete file is never used
        connection.execute("PRAGMA cache_size = -65536")  # kB
        connection.executescript(TABLES)
        connection.execute("BEGIN")
        first = 0
        for layer in layers:
            fill(connection, first, layer, texts, names[first : first + layer.n_features])
            first += layer.n_features
        for table in ("text", "named"):
            connection.execute(f"INSERT INTO {table}({table}) VALUES('optimize')")
        connection.execute("COMMIT")
        connection.execute("VACUUM")
    finally:
        connection.close()


def fill(
    connection: sqlite3.Connection, first: int, layer: LayerFeatures, texts: Texts, names: Int[np.ndarray, "n k"]
) -> None:
    """Insert one layer's features; `first` is the id of the first one."""
    rows, n = layer.rows, layer.n_features
    keys = key_tokens(layer.feature_of_row, texts.tokens[rows.example, rows.pos], n)
    by_key = zip(keys.token.tolist(), (keys.feature + first).tolist(), keys.examples.tolist(), strict=True)
    connection.executemany("INSERT INTO key_token VALUES (?, ?, ?)", by_key)
    snippets = snippet_rows(layer)
    windows = texts.window.slice(texts.tokens, texts.lengths, rows.example[snippets], rows.pos[snippets], -1)
    owner = np.repeat(np.arange(n), names.shape[1])
    name_texts = lines(owner, names.reshape(-1, 1), texts.vocab, n)
    key_texts = lines(keys.feature, keys.token[:, None], texts.vocab, n)
    snippet_texts = lines(layer.feature_of_row[snippets], windows, texts.vocab, n)
    connection.executemany("INSERT INTO named(rowid, words) VALUES (?, ?)", zip(count(first), distinct(name_texts)))
    words = distinct(map("\n".join, zip(name_texts, key_texts, snippet_texts, strict=True)))
    connection.executemany("INSERT INTO text(rowid, words) VALUES (?, ?)", zip(count(first), words))


def snippet_rows(layer: LayerFeatures) -> Int[np.ndarray, " n"]:
    """Return the rows whose windows are indexed, by feature, the most central first."""
    rows = np.flatnonzero(layer.features.rank < SNIPPETS)
    return rows[np.lexsort((layer.features.rank[rows], layer.feature_of_row[rows]))]


def lines(
    owner: Int[np.ndarray, " n"], tokens: Int[np.ndarray, "n length"], vocab: list[str], n_owners: int
) -> list[str]:
    """Return the token rows of each owner as text, one line each; −1 is no token."""
    of_owner: list[list[str]] = [[] for _ in range(n_owners)]
    for owner_index, row in zip(owner.tolist(), tokens.tolist(), strict=True):
        of_owner[owner_index].append("".join(vocab[t] for t in row if t >= 0))
    return ["\n".join(parts) for parts in of_owner]


def distinct(texts: Iterable[str]) -> list[str]:
    """Return the distinct words of each text, separated by spaces."""
    return [" ".join(dict.fromkeys(words_of(text))) for text in texts]
