"""Words spelled nearly like another: edit distance over a vocabulary, with a bound on its size."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

MOST_WORDS = 20_000  # compared, some 10 ms
SHORTEST, LONGEST = 3, 30  # letters of a word that is compared
LONG = 5  # letters from which two edits are allowed


def near_misses(word: str, words: Sequence[str], most: int) -> list[str]:
    """At most `most` of the words within one edit of `word`, or two for a long one: nearest first, then in their order.

    Only the first MOST_WORDS are compared.
    """
    allowed = 1 if len(word) < LONG else 2
    if not SHORTEST <= len(word) <= LONGEST:
        return []
    similar = [each for each in words[:MOST_WORDS] if each != word and abs(len(each) - len(word)) <= allowed]
    distances = edit_distances(word, similar)
    order = np.argsort(distances, kind="stable")
    return [similar[i] for i in order[distances[order] <= allowed][:most].tolist()]


def edit_distances(word: str, others: Sequence[str]) -> Int[np.ndarray, " n"]:
    """Number of letters to insert, delete, replace or swap with their neighbour to make each of the others of `word`.

    Row i of the usual table, for the first i letters of `word`, is computed for all others at once; no letter is
    edited twice.
    """
    lengths = np.array([len(each) for each in others], dtype=np.int64)
    letters, width = codes(others), int(lengths.max(initial=0))
    rows = [np.broadcast_to(np.arange(width + 1), (len(others), width + 1))]
    for i, letter in enumerate(word, 1):
        above, row = rows[-1], np.full((len(others), width + 1), i)
        replaced = above[:, :-1] + (letters != ord(letter))
        for j in range(1, width + 1):
            row[:, j] = np.minimum(np.minimum(above[:, j], row[:, j - 1]) + 1, replaced[:, j - 1])
            if i > 1 and j > 1:
                swapped = (letters[:, j - 2] == ord(letter)) & (letters[:, j - 1] == ord(word[i - 2]))
                row[:, j] = np.where(swapped, np.minimum(row[:, j], rows[-2][:, j - 2] + 1), row[:, j])
        rows.append(row)
    return rows[-1][np.arange(len(others)), lengths]


def codes(words: Sequence[str]) -> Int[np.ndarray, "n width"]:
    """Code points of the letters of each word, a row each, padded with 0."""
    texts = np.array(words, dtype=np.str_).reshape(-1)
    return texts.view(np.uint32).reshape(len(texts), -1).astype(np.int64) if len(texts) else np.zeros((0, 0), np.int64)
