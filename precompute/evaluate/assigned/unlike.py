"""Share of firings that are unlike their feature's members: on the corpus, and with shuffled tokens."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from precompute.live.reader import Reader
from precompute.live.reading import assigned
from precompute.live.windows import Windows, corpus_windows, firings_of


def unlike_rates(reader: Reader, n: int, share: float, seed: int = 0) -> tuple[float, float]:
    """Return the share on the last `n` examples, of which the fewest are stored, and on the same ones shuffled."""
    last = [each for each in corpus_windows(reader, reader.atlas) if each.text[0] >= len(reader.atlas.tokens) - n]
    return rate(reader, last, share), rate(reader, shuffled(last, np.random.default_rng(seed)), share)


def rate(reader: Reader, windows: Iterable[Windows], share: float) -> float:
    """Return the share, among the firings that are assigned to a feature."""
    unlike = n = 0
    for each in windows:
        for part in firings_of(reader, each, share):
            assignment = assigned(reader, part, None)
            unlike, n = unlike + int(assignment.unlike.sum()), n + int((assignment.feature >= 0).sum())
    return unlike / n if n else float("nan")


def shuffled(windows: Iterable[Windows], rng: np.random.Generator) -> Iterator[Windows]:
    """Yield the windows with their counted tokens in random order."""
    for each in windows:
        tokens = each.tokens.copy()
        for row, counted in zip(tokens, each.counted, strict=True):
            row[counted] = rng.permutation(row[counted])
        yield replace(each, tokens=tokens)
