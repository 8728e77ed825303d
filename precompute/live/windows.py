"""Texts in batches of windows, as the atlas's examples are: for reading many of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from jaxtyping import Bool, Int

from ne_core.atlas import Atlas
from precompute.corpus import document_windows, may_be_key, special_ids
from precompute.live.reader import Reader
from precompute.live.reading import LayerFired, fired_in

BATCH = 16  # windows in a forward pass


@dataclass(frozen=True)
class Windows:
    """Some windows, padded on the right: of which text each is, which of its windows, and where neurons are counted."""

    text: Int[np.ndarray, " batch"]
    number: Int[np.ndarray, " batch"]
    tokens: Int[np.ndarray, "batch pos"]
    lengths: Int[np.ndarray, " batch"]
    counted: Bool[np.ndarray, "batch pos"]

    def __len__(self) -> int:
        return len(self.text)


def text_windows(reader: Reader, documents: Iterable[str]) -> Iterator[Windows]:
    """Of texts of any length; a window has as many tokens as an example of the atlas."""
    tokenizer, n_ctx = reader.source.tokenizer, min(reader.atlas.manifest.n_ctx, reader.source.n_ctx)
    special = special_ids(tokenizer)
    windows = document_windows(documents, tokenizer, n_ctx)
    while some := list(islice(windows, BATCH)):
        text, number, ids = zip(*some, strict=True)
        lengths = np.array(list(map(len, ids)))
        tokens = np.zeros((len(ids), lengths.max()), dtype=np.int64)
        for row, each in zip(tokens, ids, strict=True):
            row[: len(each)] = each
        yield Windows(np.array(text), np.array(number), tokens, lengths, may_be_key(tokens, lengths, special))


def corpus_windows(reader: Reader, atlas: Atlas) -> Iterator[Windows]:
    """The examples that the atlas was made of, each a text of one window."""
    special = special_ids(reader.source.tokenizer)
    for start in range(0, len(atlas.tokens), BATCH):
        tokens, lengths = (
            np.array(each[start : start + BATCH], dtype=np.int64) for each in (atlas.tokens, atlas.lengths)
        )
        counted = may_be_key(tokens, lengths, special)
        yield Windows(np.arange(start, start + len(tokens)), np.zeros(len(tokens), np.int64), tokens, lengths, counted)


def fired_of(reader: Reader, windows: Windows, share: float) -> list[LayerFired]:
    """Firings in them, by layer."""
    tokens, lengths, counted = map(torch.from_numpy, (windows.tokens, windows.lengths, windows.counted))
    return fired_in(reader, tokens, lengths, counted, share)[0]
