"""The texts of many windows at once, as one string with a line for each: what is in which line is found by one scan."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas import Atlas
from ne_core.atlas.search import BEGINNING

BREAK = "\n"  # between lines: texts that are searched show their line breaks as signs, see token_text
APART = rf"[^\w{BREAK}]+"  # what stands between words in a row
END = r"(?!\w)"  # of a word


@dataclass(frozen=True)
class Rows:
    """Activating examples of some features: which of the features (by place), the row of the neuron, and where."""

    owner: Int[np.ndarray, " n"]
    row: Int[np.ndarray, " n"]
    example: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]


def rows_of(atlas: Atlas, ids: Int[np.ndarray, " k"]) -> Rows:
    """All examples of the features, by feature in the order given, then in the order of the corpus."""
    features = atlas.features
    layer = features["layer"][ids]
    parts = [in_layer(atlas, each, np.flatnonzero(layer == each), ids) for each in np.unique(layer).tolist()]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] or [np.zeros(0, np.int64)] * 4
    order = np.argsort(columns[0], kind="stable")
    return Rows(*(column[order] for column in columns))


def in_layer(atlas: Atlas, layer: int, places: Int[np.ndarray, " k"], ids: Int[np.ndarray, " n"]) -> tuple:
    """The columns of `Rows` for the features at these places of `ids`, all of one layer."""
    files, features = atlas.files[layer], atlas.features
    neuron = features["neuron"][ids[places]]
    first = files.offsets[neuron]
    counts = files.offsets[neuron + 1] - first
    which = np.repeat(np.arange(len(places)), counts)
    row = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    at = first[which] + row
    mine = files.columns["feature"][at] == features["feature"][ids[places]][which]
    which, row, at = which[mine], row[mine], at[mine]
    return places[which], row, files.columns["example"][at], files.columns["pos"][at]


def windows_of(atlas: Atlas, rows: Rows) -> Int[np.ndarray, "n window"]:
    """The tokens around each of the rows' key tokens; −1 outside the example."""
    return atlas.manifest.window.slice(atlas.tokens, atlas.lengths, rows.example, rows.pos, -1)


@dataclass(frozen=True)
class Passages:
    """Lines of text, one after the other; line i begins at `starts[i]`."""

    text: str
    starts: Int[np.ndarray, " n"]

    def holding(self, pattern: re.Pattern) -> Int[np.ndarray, " found"]:
        """The lines in which the pattern is found, each once, in order."""
        at = np.fromiter(self._places(pattern), dtype=np.int64)
        return np.unique(np.searchsorted(self.starts, at, side="right") - 1)

    def _places(self, pattern: re.Pattern) -> Iterator[int]:
        return (found.start() for found in pattern.finditer(self.text))


def passages(tokens: Int[np.ndarray, "n length"], texts: Sequence[str]) -> Passages:
    """Each row of tokens as a line, a token being what `texts` has for it; −1 is no token.

    `texts` must hold no line breaks.
    """
    lines = ["".join([texts[token] for token in row if token >= 0]) for row in tokens.tolist()]
    lengths = np.fromiter((len(line) + len(BREAK) for line in lines), dtype=np.int64, count=len(lines))
    return Passages(BREAK.join(lines), np.cumsum(lengths) - lengths)


def of_words(words: Sequence[str]) -> list[re.Pattern]:
    """A pattern for each word, for text folded as the words are: whole words, the last as the index takes it."""
    return [re.compile(begun(word) + (ended(words) if i == len(words) - 1 else END)) for i, word in enumerate(words)]


def of_row(words: Sequence[str]) -> re.Pattern:
    """A pattern for all of the words in a row, with nothing but signs and spaces between them."""
    first, *others = words
    return re.compile("".join([begun(first), *(APART + re.escape(word) for word in others), ended(words)]))


def ended(words: Sequence[str]) -> str:
    """What follows the last word: it may be a beginning, from a few letters on."""
    return "" if len(words[-1]) >= BEGINNING else END


def together(lines: Passages, words: Sequence[str]) -> tuple[Bool[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Which lines hold the words in a row; and the fewest characters in which each holds all of them, ∞ without them.

    At every word that is found: how far back all of the words have been seen, and whether that is the same line.
    """
    in_a_row = np.zeros(len(lines.starts), dtype=bool)
    in_a_row[lines.holding(of_row(words))] = True
    nearest = np.full(len(lines.starts), np.inf)
    found = [[each.span() for each in pattern.finditer(lines.text)] for pattern in of_words(words)]
    word = np.repeat(np.arange(len(found)), [len(each) for each in found])
    begin, end = np.array([span for each in found for span in each], dtype=np.int64).reshape(-1, 2).T
    order = np.argsort(begin, kind="stable")
    word, begin, end = word[order], begin[order], end[order]
    seen = [np.maximum.accumulate(np.where(word == each, begin, -1)) for each in range(len(found))]
    since, line = np.min(seen, axis=0), np.searchsorted(lines.starts, begin, side="right") - 1
    whole = since >= lines.starts[line] if len(line) else np.zeros(0, dtype=bool)
    np.minimum.at(nearest, line[whole], (end - since)[whole])
    return in_a_row, nearest


def of_piece(piece: str) -> re.Pattern:
    """A pattern for a literal piece of text. Where it begins with a letter it begins with a word, as the index does."""
    return re.compile(begun(piece) if re.match(r"\w", piece) else re.escape(piece))


def begun(text: str) -> str:
    r"""The text where no letter stands before it. As (?<!\w)text it would take ten times as long."""
    literal = re.escape(text)
    return rf"{literal}(?<!\w{literal})"


def spans_holding(texts: Sequence[str], patterns: Iterable[re.Pattern]) -> list[tuple[int, int]]:
    """The first and the last of the texts that each match lies in, for what the patterns find in all of them."""
    whole, ends = "".join(texts), np.cumsum([len(text) for text in texts])
    spans = [found.span() for pattern in patterns for found in pattern.finditer(whole)]
    return [tuple(np.searchsorted(ends, [a, max(a, b - 1)], side="right").tolist()) for a, b in spans]


def tokens_holding(texts: Sequence[str], patterns: Iterable[re.Pattern]) -> list[int]:
    """Places of the texts that what the patterns find in all of them lies in."""
    spans = spans_holding(texts, patterns)
    return sorted({i for first, last in spans for i in range(first, last + 1) if texts[i]})
