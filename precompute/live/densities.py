"""Densities: the share of positions at which each feature fires over the atlas's own corpus, with its interval."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Int

from ne_core.method.intervals import wilson
from precompute.live.reader import Reader
from precompute.live.reading import assigned
from precompute.live.windows import corpus_windows, fired_of
from precompute.run.progress import OnProgress


@dataclass(frozen=True)
class Counted:
    """By feature of the atlas, in the order of its table: tokens at which it fires, and at which it is unlike it."""

    fired: Int[np.ndarray, " n_features"]
    unlike: Int[np.ndarray, " n_features"]
    n_tokens: int


def counted(reader: Reader, share: float, on_progress: OnProgress) -> Counted:
    """A neuron at or above the share of its maximum fires as the feature that it is nearest to, unlike it or not."""
    n_features = len(reader.atlas.features["layer"])
    fired, unlike, n_tokens, done = np.zeros(n_features, np.int64), np.zeros(n_features, np.int64), 0, 0
    first = first_features(reader)
    for windows in corpus_windows(reader, reader.atlas):
        for part in fired_of(reader, windows, share):
            assignment = assigned(reader, part, None)
            there = assignment.feature >= 0
            feature = (first[part.layer][part.neuron] + assignment.feature)[there]
            fired += np.bincount(feature, minlength=n_features)
            unlike += np.bincount(feature[assignment.unlike[there]], minlength=n_features)
        n_tokens, done = n_tokens + int(windows.counted.sum()), done + len(windows)
        on_progress(done, len(reader.atlas.tokens))
    return Counted(fired, unlike, n_tokens)


def first_features(reader: Reader) -> dict[int, Int[np.ndarray, " n_neurons"]]:
    """By layer, the row of each neuron's feature 0 in the atlas's table."""
    n_features = reader.atlas.neurons["n_features"].astype(np.int64)
    first, layer = np.cumsum(n_features) - n_features, reader.atlas.neurons["layer"]
    return {each: first[layer == each] for each in reader.atlas.layers}


def densities_frame(reader: Reader, counts: Counted) -> pd.DataFrame:
    """A row a feature. Tokens of one text are not independent: the interval is that of as many that were."""
    low, high = wilson(counts.fired, counts.n_tokens)
    named = {name: reader.atlas.features[name] for name in ("layer", "neuron", "feature")}
    return pd.DataFrame(
        {
            **{name: np.asarray(values, dtype=np.int64) for name, values in named.items()},
            "fires": counts.fired,
            "unlike": counts.unlike,
            "tokens": np.full(len(low), counts.n_tokens),
            "density": counts.fired / max(1, counts.n_tokens),
            "density_low": low,
            "density_high": high,
        }
    )
