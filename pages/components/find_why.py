"""Why a feature was found: the example that shows it, the tokens that were looked for, and the reason in words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from ne_core.atlas import Atlas
from ne_core.numbers import fixed
from ne_core.passages import Passages, Rows, of_words, passages, rows_of
from ne_core.wording import worded
from ne_core.words import folded, words_of
from pages.components.find import Found, piece_of
from pages.components.find_location import View
from pages.components.vocabulary import tokens_named, vocabulary

SPACE_NAMES = {"neuron": "neuron embeddings", "pre_mlp": "pre-MLP embeddings"}


@dataclass(frozen=True)
class Match:
    """The row of the neuron that shows why its feature was found, and the reason."""

    row: int
    why: str


def matches(atlas: Atlas, view: View, found: Found, span: slice) -> list[Match]:
    """For each of the found features in `span`: its central example if that shows why, else its first that does."""
    ids = found.ids[span]
    if view.like is not None:
        space = worded(atlas.manifest, SPACE_NAMES.get(view.space, view.space))
        whys = [f"cosine {fixed(cosine)} between central examples, as {space}" for cosine in found.cosines[span]]
        rows = atlas.features["central"][ids].tolist()
        return [Match(row, minus(why)) for row, why in zip(rows, whys, strict=True)]
    rows = rows_of(atlas, ids)
    shown = {"token": by_token, "snippet": by_piece}.get(view.mode, by_words)(atlas, view, rows)
    return [match(atlas, id, rows, shown, place) for place, id in enumerate(ids.tolist())]


def minus(text: str) -> str:
    return text.replace("-0", "−0")


@dataclass(frozen=True)
class Shown:
    """Which examples show why a feature was found, and what that says of so many of them; the first kinds first."""

    kinds: tuple[tuple[Bool[np.ndarray, " n"], str], ...]


def match(atlas: Atlas, id: int, rows: Rows, shown: Shown, place: int) -> Match:
    mine, central = rows.owner == place, int(atlas.features["central"][id])
    for among, what in shown.kinds:
        here = rows.row[mine & among]
        if len(here):
            return Match(central if central in here else int(here[0]), f"{what} {of_all(len(here), mine.sum())}")
    return Match(central, "its examples hold the words one by one")


def of_all(count: int, n: int) -> str:
    return f"{count} of {n} examples" if n > 1 else "its one example"


def by_token(atlas: Atlas, view: View, rows: Rows) -> Shown:
    keys = atlas.tokens[rows.example, rows.pos]
    return Shown(((np.isin(keys, tokens_named(atlas, view.q)), worded(atlas.manifest, "key token of")),))


def by_piece(atlas: Atlas, view: View, rows: Rows) -> Shown:
    piece = piece_of(view.q)
    lines = passages(windows(atlas, rows), piece.texts(atlas)).holding(piece.pattern)
    return Shown(((among(lines, rows), "stands in"),))


def by_words(atlas: Atlas, view: View, rows: Rows) -> Shown:
    texts, words = vocabulary(atlas).folded, words_of(view.q)
    keys = atlas.tokens[rows.example, rows.pos][:, None]
    key = worded(atlas.manifest, "matches the key token of")
    looked = ((keys, key), (windows(atlas, rows), "matches the text of"))
    return Shown(tuple((among(all_of(passages(tokens, texts), words), rows), what) for tokens, what in looked))


def windows(atlas: Atlas, rows: Rows) -> Int[np.ndarray, "n window"]:
    return atlas.manifest.window.slice(atlas.tokens, atlas.lengths, rows.example, rows.pos, -1)


def all_of(lines: Passages, words: Sequence[str]) -> Int[np.ndarray, " found"]:
    """The lines that hold all of the words, the last of them as a beginning: what the index looked for."""
    found = [set(lines.holding(pattern).tolist()) for pattern in of_words(words)]
    return np.array(sorted(set.intersection(*found)), dtype=np.int64)


def among(lines: Int[np.ndarray, " found"], rows: Rows) -> Bool[np.ndarray, " n"]:
    marked = np.zeros(len(rows.owner), dtype=bool)
    marked[lines] = True
    return marked


def highlighted(atlas: Atlas, view: View, line: dict) -> list[int]:
    """Which tokens of a line hold what was looked for; a word or a piece may run over several."""
    if view.mode == "snippet":
        piece = piece_of(view.q)
        return tokens_holding([text if piece.capitals else text.casefold() for text in line["t"]], [piece.pattern])
    if view.mode == "token" or view.like is not None:
        return []
    return tokens_holding([folded(text) for text in line["t"]], of_words(words_of(view.q)))


def tokens_holding(texts: Sequence[str], patterns: Sequence[re.Pattern]) -> list[int]:
    """Places of the texts that what the patterns find in all of them lies in."""
    whole, ends = "".join(texts), np.cumsum([len(text) for text in texts])
    spans = [found.span() for pattern in patterns for found in pattern.finditer(whole)]
    return [i for i, end in enumerate(ends) if any(a < end and b > end - len(texts[i]) for a, b in spans)]
