"""Share of firings that are unlike anything seen: on examples of the corpus, and with their tokens shuffled."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from precompute.live.reader import Reader
from precompute.live.reading import assigned
from precompute.live.windows import Windows, corpus_windows, fired_of


def unlike_rates(reader: Reader, n: int, share: float, seed: int = 0) -> tuple[float, float]:
    """On the last `n` examples, of which least was kept, and on them shuffled."""
    last = [each for each in corpus_windows(reader, reader.atlas) if each.text[0] >= len(reader.atlas.tokens) - n]
    return rate(reader, last, share), rate(reader, shuffled(last, np.random.default_rng(seed)), share)


def rate(reader: Reader, windows: Iterable[Windows], share: float) -> float:
    """Of firings that are given a feature."""
    unlike = n = 0
    for each in windows:
        for part in fired_of(reader, each, share):
            assignment = assigned(reader, part, None)
            unlike, n = unlike + int(assignment.unlike.sum()), n + int((assignment.feature >= 0).sum())
    return unlike / n if n else float("nan")


def shuffled(windows: Iterable[Windows], rng: np.random.Generator) -> Iterator[Windows]:
    """The tokens that count in another order within each window."""
    for each in windows:
        tokens = each.tokens.copy()
        for row, counted in zip(tokens, each.counted, strict=True):
            row[counted] = rng.permutation(row[counted])
        yield replace(each, tokens=tokens)
