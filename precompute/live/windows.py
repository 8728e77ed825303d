"""Batches of windows over many texts, each window tokenized as an example of the atlas."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from jaxtyping import Bool, Int

from ne_core.atlas import Atlas
from precompute.corpus import document_windows, may_be_key, special_ids
from precompute.corpus.sources import Document
from precompute.live.reader import Reader
from precompute.live.reading import LayerFirings, firings_in

BATCH = 16  # windows in a forward pass


@dataclass(frozen=True)
class Windows:
    """A batch of windows, padded on the right: the text of each, its number in the text, and its counted positions."""

    text: Int[np.ndarray, " batch"]
    number: Int[np.ndarray, " batch"]
    tokens: Int[np.ndarray, "batch pos"]
    lengths: Int[np.ndarray, " batch"]
    counted: Bool[np.ndarray, "batch pos"]

    def __len__(self) -> int:
        return len(self.text)


def text_windows(reader: Reader, documents: Iterable[str | Document]) -> Iterator[Windows]:
    """Yield the windows of texts of any length; a window has at most as many tokens as an example of the atlas."""
    tokenizer, n_ctx = reader.source.tokenizer, min(reader.atlas.manifest.n_ctx, reader.source.n_ctx)
    special = special_ids(tokenizer)
    windows = document_windows(documents, tokenizer, n_ctx)
    while batch := list(islice(windows, BATCH)):
        text, number, ids = zip(*batch, strict=True)
        lengths = np.array(list(map(len, ids)))
        tokens = np.zeros((len(ids), lengths.max()), dtype=np.int64)
        for row, each in zip(tokens, ids, strict=True):
            row[: len(each)] = each
        yield Windows(np.array(text), np.array(number), tokens, lengths, may_be_key(tokens, lengths, special))


def corpus_windows(reader: Reader, atlas: Atlas) -> Iterator[Windows]:
    """Yield the examples of the atlas, each as a text of one window."""
    special = special_ids(reader.source.tokenizer)
    for start in range(0, len(atlas.tokens), BATCH):
        tokens, lengths = (
            np.array(each[start : start + BATCH], dtype=np.int64) for each in (atlas.tokens, atlas.lengths)
        )
        counted = may_be_key(tokens, lengths, special)
        yield Windows(np.arange(start, start + len(tokens)), np.zeros(len(tokens), np.int64), tokens, lengths, counted)


def firings_of(reader: Reader, windows: Windows, share: float) -> list[LayerFirings]:
    """Return the firings in the windows, by layer."""
    tokens, lengths, counted = map(torch.from_numpy, (windows.tokens, windows.lengths, windows.counted))
    return firings_in(reader, tokens, lengths, counted, share)[0]
