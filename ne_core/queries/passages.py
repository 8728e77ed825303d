"""Search in many windows at once: their texts as the lines of one string, which a pattern scans once."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas import Atlas
from ne_core.atlas.search import BEGINNING

BREAK = "\n"  # between lines; line breaks within texts are replaced by signs, see token_text
APART = rf"[^\w{BREAK}]+"  # characters between words in a row
END = r"(?!\w)"  # end of a word


@dataclass(frozen=True)
class Rows:
    """Activating examples of some features: index of the feature, row of its neuron, example and position."""

    owner: Int[np.ndarray, " n"]
    row: Int[np.ndarray, " n"]
    example: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]


def rows_of(atlas: Atlas, ids: Int[np.ndarray, " k"]) -> Rows:
    """All examples of the features, by feature in the order of `ids`, then in the order of the corpus."""
    features = atlas.features
    layer = features["layer"][ids]
    parts = [in_layer(atlas, each, np.flatnonzero(layer == each), ids) for each in np.unique(layer).tolist()]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] or [np.zeros(0, np.int64)] * 4
    order = np.argsort(columns[0], kind="stable")
    return Rows(*(column[order] for column in columns))


def in_layer(atlas: Atlas, layer: int, indices: Int[np.ndarray, " k"], ids: Int[np.ndarray, " n"]) -> tuple:
    """Columns of `Rows` for the features `ids[indices]`, all of one layer."""
    files, features = atlas.files[layer], atlas.features
    neuron = features["neuron"][ids[indices]]
    first = files.offsets[neuron]
    counts = files.offsets[neuron + 1] - first
    which = np.repeat(np.arange(len(indices)), counts)
    row = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    layer_row = first[which] + row
    inside = files.columns["feature"][layer_row] == features["feature"][ids[indices]][which]
    which, row, layer_row = which[inside], row[inside], layer_row[inside]
    return indices[which], row, files.columns["example"][layer_row], files.columns["pos"][layer_row]


def windows_of(atlas: Atlas, rows: Rows) -> Int[np.ndarray, "n window"]:
    """Token ids around the key token of each row; −1 outside the example."""
    return atlas.manifest.window.slice(atlas.tokens, atlas.lengths, rows.example, rows.pos, -1)


@dataclass(frozen=True)
class Passages:
    """Lines of text in one string; line i begins at `starts[i]`."""

    text: str
    starts: Int[np.ndarray, " n"]

    def matching_lines(self, pattern: re.Pattern) -> Int[np.ndarray, " matches"]:
        """Numbers of the lines that match the pattern, ascending."""
        starts = np.fromiter(self._match_starts(pattern), dtype=np.int64)
        return np.unique(np.searchsorted(self.starts, starts, side="right") - 1)

    def _match_starts(self, pattern: re.Pattern) -> Iterator[int]:
        return (match.start() for match in pattern.finditer(self.text))


def passages(tokens: Int[np.ndarray, "n length"], texts: Sequence[str]) -> Passages:
    """Join each row of tokens to a line, with the text of each token from `texts`; −1 is no token.

    `texts` must contain no line breaks.
    """
    lines = ["".join([texts[token] for token in row if token >= 0]) for row in tokens.tolist()]
    lengths = np.fromiter((len(line) + len(BREAK) for line in lines), dtype=np.int64, count=len(lines))
    return Passages(BREAK.join(lines), np.cumsum(lengths) - lengths)


def word_patterns(words: Sequence[str]) -> list[re.Pattern]:
    """Pattern of each word for folded text: whole words; the last may be a prefix, as in the index."""
    ends = [*[END] * (len(words) - 1), last_word_end(words)] if words else []
    return [re.compile(word_start(word) + end) for word, end in zip(words, ends, strict=True)]


def phrase_pattern(words: Sequence[str]) -> re.Pattern:
    """Pattern of all words in a row, with only punctuation and spaces between them."""
    first, *others = words
    return re.compile("".join([word_start(first), *(APART + re.escape(word) for word in others), last_word_end(words)]))


def last_word_end(words: Sequence[str]) -> str:
    """Pattern after the last word: none if it has enough letters to be a prefix, else the end of the word."""
    return "" if len(words[-1]) >= BEGINNING else END


@dataclass(frozen=True)
class WordMatches:
    """Matches of several words in lines, by position: number of the word, its ends in the text, number of the line."""

    word: Int[np.ndarray, " matches"]
    begin: Int[np.ndarray, " matches"]
    end: Int[np.ndarray, " matches"]
    line: Int[np.ndarray, " matches"]


def word_matches(lines: Passages, words: Sequence[str]) -> WordMatches:
    """Matches of each word, a prefix for the last one, as in the index."""
    spans = [[match.span() for match in pattern.finditer(lines.text)] for pattern in word_patterns(words)]
    word = np.repeat(np.arange(len(spans)), [len(each) for each in spans])
    begin, end = np.array([span for each in spans for span in each], dtype=np.int64).reshape(-1, 2).T
    order = np.argsort(begin, kind="stable")
    line = np.searchsorted(lines.starts, begin[order], side="right") - 1
    return WordMatches(word[order], begin[order], end[order], line)


@dataclass(frozen=True)
class Proximity:
    """Each line's words in a row or not; the shortest `span` of all words, and the distance `from_key` to the farthest.

    Both are in characters, and ∞ in a line without all of the words. Of each word the match nearest to the key counts.
    """

    in_a_row: Bool[np.ndarray, " n"]
    span: Float[np.ndarray, " n"]
    from_key: Float[np.ndarray, " n"]


def proximity(lines: Passages, words: Sequence[str], key: Int[np.ndarray, "n 2"]) -> Proximity:
    """Measure how near the words are to each other and to the key token; `key` is that of `key_spans`."""
    in_a_row = np.zeros(len(lines.starts), dtype=bool)
    in_a_row[lines.matching_lines(phrase_pattern(words))] = True
    matches = word_matches(lines, words)
    return Proximity(in_a_row, shortest_spans(lines, len(words), matches), distances(lines, len(words), matches, key))


def shortest_spans(lines: Passages, n_words: int, matches: WordMatches) -> Float[np.ndarray, " n"]:
    """Shortest span of all words in each line.

    At every match of a word the span starts at the earliest of the latest matches of all words, if in the same line.
    """
    nearest, line = np.full(len(lines.starts), np.inf), matches.line
    latest = [np.maximum.accumulate(np.where(matches.word == each, matches.begin, -1)) for each in range(n_words)]
    since = np.min(latest, axis=0)
    whole = since >= lines.starts[line] if len(line) else np.zeros(0, dtype=bool)
    np.minimum.at(nearest, line[whole], (matches.end - since)[whole])
    return nearest


def distances(
    lines: Passages, n_words: int, matches: WordMatches, key: Int[np.ndarray, "n 2"]
) -> Float[np.ndarray, " n"]:
    """Characters between the key token and the farthest word of each line."""
    nearest = np.full((n_words, len(lines.starts)), np.inf)
    first, last = (lines.starts + key.T)[:, matches.line]
    away = np.maximum(0, np.maximum(first - matches.end, matches.begin - last))
    np.minimum.at(nearest, (matches.word, matches.line), away)
    return nearest.max(axis=0)


def key_spans(tokens: Int[np.ndarray, "n length"], key: int, texts: Sequence[str]) -> Int[np.ndarray, "n 2"]:
    """First and last character of the token at index `key` of each row in the line that `passages` makes of it."""
    before = [sum(len(texts[token]) for token in row[:key] if token >= 0) for row in tokens.tolist()]
    lengths = [len(texts[token]) for token in tokens[:, key].tolist()]
    return np.array([before, np.add(before, lengths)], dtype=np.int64).reshape(2, -1).T


def piece_pattern(piece: str) -> re.Pattern:
    """Pattern of a literal text; one that starts with a letter matches only at the start of a word, as in the index."""
    return re.compile(word_start(piece) if re.match(r"\w", piece) else re.escape(piece))


def word_start(text: str) -> str:
    r"""Pattern of a text without a letter before it; (?<!\w)text would take ten times as long."""
    literal = re.escape(text)
    return rf"{literal}(?<!\w{literal})"


def matching_spans(texts: Sequence[str], patterns: Iterable[re.Pattern]) -> list[tuple[int, int]]:
    """First and last index of the texts that each match covers; patterns are matched with the joined texts."""
    whole, ends = "".join(texts), np.cumsum([len(text) for text in texts])
    spans = [match.span() for pattern in patterns for match in pattern.finditer(whole)]
    return [tuple(np.searchsorted(ends, [a, max(a, b - 1)], side="right").tolist()) for a, b in spans]


def matching_tokens(texts: Sequence[str], patterns: Iterable[re.Pattern]) -> list[int]:
    """Indices of the texts that a match covers; patterns are matched with the joined texts."""
    spans = matching_spans(texts, patterns)
    return sorted({i for first, last in spans for i in range(first, last + 1) if texts[i]})
