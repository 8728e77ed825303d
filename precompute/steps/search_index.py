"""The search index of an atlas: the words of each feature's key tokens, snippets and name; its key tokens by id."""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

import numpy as np
from jaxtyping import Int

from ne_core.text.words import words_of
from precompute.steps.key_tokens import key_tokens
from precompute.steps.layer_features import LayerFound, Texts

SNIPPETS = 5  # most central examples of each feature whose windows can be found by their words

# Neither texts, nor places of words, nor lengths: a search asks which features have a word, and ranks them by size.
# Words come as `words_of` made them; this tokenizer takes every letter beyond ASCII for one, so it parts none of them.
OPTIONS = """content='', detail='none', columnsize=0, tokenize="ascii tokenchars '_'" """
TABLES = f"""
CREATE VIRTUAL TABLE text USING fts5(words, {OPTIONS});
CREATE VIRTUAL TABLE named USING fts5(words, {OPTIONS});
CREATE TABLE key_token(token INTEGER, feature INTEGER, examples INTEGER, PRIMARY KEY (token, feature)) WITHOUT ROWID;
"""


def write_search(
    path: Path, layers: Sequence[LayerFound], texts: Texts, names: Int[np.ndarray, "n_features k"]
) -> None:
    """The same features give the same bytes: rows go in by number, and the file is packed afterwards.

    `names` are the tokens that each feature is named by, −1 where there are fewer.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("PRAGMA journal_mode = OFF")  # a file that is half written is never used
        connection.execute("PRAGMA cache_size = -65536")  # kB
        connection.executescript(TABLES)
        connection.execute("BEGIN")
        first = 0
        for found in layers:
            fill(connection, first, found, texts, names[first : first + found.n_features])
            first += found.n_features
        for table in ("text", "named"):
            connection.execute(f"INSERT INTO {table}({table}) VALUES('optimize')")
        connection.execute("COMMIT")
        connection.execute("VACUUM")
    finally:
        connection.close()


def fill(
    connection: sqlite3.Connection, first: int, found: LayerFound, texts: Texts, names: Int[np.ndarray, "n k"]
) -> None:
    """One layer's features, the first of which has id `first`."""
    rows, n = found.rows, found.n_features
    keys = key_tokens(found.feature_of_row, texts.tokens[rows.example, rows.pos], n)
    by_key = zip(keys.token.tolist(), (keys.feature + first).tolist(), keys.examples.tolist(), strict=True)
    connection.executemany("INSERT INTO key_token VALUES (?, ?, ?)", by_key)
    shown = snippet_rows(found)
    windows = texts.window.slice(texts.tokens, texts.lengths, rows.example[shown], rows.pos[shown], -1)
    owner = np.repeat(np.arange(n), names.shape[1])
    named = lines(owner, names.reshape(-1, 1), texts.vocab, n)
    fired = lines(keys.feature, keys.token[:, None], texts.vocab, n)
    around = lines(found.feature_of_row[shown], windows, texts.vocab, n)
    connection.executemany("INSERT INTO named(rowid, words) VALUES (?, ?)", zip(count(first), distinct(named)))
    every = distinct(map("\n".join, zip(named, fired, around, strict=True)))
    connection.executemany("INSERT INTO text(rowid, words) VALUES (?, ?)", zip(count(first), every))


def snippet_rows(found: LayerFound) -> Int[np.ndarray, " n"]:
    """The rows whose windows are searched, by feature, the most central first."""
    shown = np.flatnonzero(found.features.rank < SNIPPETS)
    return shown[np.lexsort((found.features.rank[shown], found.feature_of_row[shown]))]


def lines(
    owner: Int[np.ndarray, " n"], tokens: Int[np.ndarray, "n length"], vocab: list[str], n_owners: int
) -> list[str]:
    """The token rows of each owner as text, a line each; −1 is no token."""
    of_owner: list[list[str]] = [[] for _ in range(n_owners)]
    for number, row in zip(owner.tolist(), tokens.tolist(), strict=True):
        of_owner[number].append("".join(vocab[t] for t in row if t >= 0))
    return ["\n".join(parts) for parts in of_owner]


def distinct(texts: Iterable[str]) -> list[str]:
    """The words of each text once, a space between them."""
    return [" ".join(dict.fromkeys(words_of(text))) for text in texts]
