"""Search: which features a query asks for, which token it names, and why a feature was found."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas
from ne_core.search import Hits
from ne_core.token_text import spelled, visible
from pages.components.lines import lines

PAGE = 20
SUGGESTIONS = 10


@dataclass(frozen=True)
class Spellings:
    """The vocabulary as people type it."""

    exact: dict[str, list[int]]  # with spaces as ␣
    loose: dict[str, list[int]]  # without the spaces around


@st.cache_resource(max_entries=4, show_spinner=False)
def spellings(root: str, stamp: int, _vocab: Sequence[str]) -> Spellings:
    exact: dict[str, list[int]] = {}
    loose: dict[str, list[int]] = {}
    for id, text in enumerate(_vocab):
        exact.setdefault(spelled(text), []).append(id)
        loose.setdefault(visible(text).strip(" "), []).append(id)
    return Spellings(exact, loose)


def spellings_of(atlas: Atlas) -> Spellings:
    return spellings(str(atlas.root), (atlas.root / "manifest.json").stat().st_mtime_ns, atlas.vocab)


def tokens_named(atlas: Atlas, query: str) -> list[int]:
    """Tokens of this text: with ␣ or spaces typed exactly that one, without any the token with or without a space."""
    known = spellings_of(atlas)
    wanted = spelled(query)
    bare = wanted.strip("␣")
    if wanted == bare and bare:
        return known.loose.get(visible(query), []) or known.exact.get(wanted, [])
    return known.exact.get(wanted, [])


def suggestions(atlas: Atlas, query: str) -> list[str]:
    """Key tokens of the atlas near a text that is no token: those that it begins, then those that look like it."""
    wanted = visible(query).replace("␣", " ").strip(" ").casefold()
    names = frequent_key_tokens(atlas)
    begins = [name for name in names if wanted and name.casefold().startswith(wanted)]
    alike = difflib.get_close_matches(wanted, [name for name in names if name not in begins], SUGGESTIONS, 0.6)
    return [*begins, *alike][:SUGGESTIONS]


def frequent_key_tokens(atlas: Atlas) -> list[str]:
    """Key tokens as they are typed, those of most features first."""
    ids, counts = np.unique(atlas.features["key_tokens"], return_counts=True)
    order = np.lexsort((ids, -counts))
    names = (visible(atlas.vocab[id]).strip(" ") for id in ids[order].tolist() if id >= 0)
    return list(dict.fromkeys(name for name in names if name))


def words_first(names: Sequence[str]) -> list[str]:
    """Key tokens that a newcomer can read before signs and letters; otherwise in their order."""
    return sorted(names, key=lambda name: not (name.isalpha() and len(name) > 3))


def hits(atlas: Atlas, mode: str, query: str, page: int) -> Hits:
    offset = PAGE * page
    if mode == "words":
        return atlas.search.words(query, PAGE, offset)
    tokens = tokens_named(atlas, query)
    return atlas.search.key_token(tokens, PAGE, offset) if tokens else Hits([], 0)


@dataclass(frozen=True)
class Match:
    """The example that shows why a feature was found, and the reason in words."""

    row: int
    why: str


def match(atlas: Atlas, id: int, mode: str, query: str) -> Match:
    """The central example where it holds the query, else the first example of the feature that does."""
    ref = atlas.feature_ref(id)
    neuron, central = atlas.neuron(ref.of), int(atlas.features["central"][id])
    members = np.flatnonzero(neuron.feature == ref.feature)
    rows = [central, *members[members != central].tolist()]
    if mode == "token":
        keys = atlas.tokens[neuron.example[rows], neuron.pos[rows]]
        among = np.isin(keys, tokens_named(atlas, query))
        return Match(first(rows, among), f"key token of {of_all(among.sum(), len(rows))}")
    drawn = lines(atlas, neuron, rows)
    keys = [holds(line["t"][line["k"]], query) for line in drawn]
    if any(keys):
        return Match(first(rows, keys), f"matches the key token of {of_all(sum(keys), len(rows))}")
    texts = [holds("".join(line["t"]), query) for line in drawn]
    return Match(first(rows, texts), f"matches the text of {of_all(sum(texts), len(rows))}" if any(texts) else "")


def of_all(count: int, n: int) -> str:
    return f"{count} of {n} examples" if n > 1 else "its one example"


def first(rows: Sequence[int], among: Sequence[bool]) -> int:
    """The first row that is among them; the first of all when none is."""
    return next((row for row, here in zip(rows, among, strict=True) if here), rows[0])


def tokens_holding(texts: Sequence[str], query: str) -> list[int]:
    """Which tokens of a line the query's words lie in; a word may run over several."""
    words = [word.casefold() for word in re.findall(r"\w+", query)]
    ends = np.cumsum([len(text) for text in texts])
    found = [
        match.span()
        for match in re.finditer(r"\w+", "".join(texts))
        if match.group().casefold() in words or match.group().casefold().startswith(words[-1])
    ]
    return [i for i, end in enumerate(ends) if any(a < end and b > end - len(texts[i]) for a, b in found)]


def holds(text: str, query: str) -> bool:
    """Whether the text has all words of the query, the last of them as a beginning: what the index looked for."""
    *whole, last = [word.casefold() for word in re.findall(r"\w+", query)]
    words = [word.casefold() for word in re.findall(r"\w+", text)]
    return all(word in words for word in whole) and any(word.startswith(last) for word in words)
