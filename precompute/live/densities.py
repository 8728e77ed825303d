"""Densities: the share of the corpus's positions at which each feature fires, with its confidence interval."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Int

from ne_core.method.intervals import wilson
from precompute.live.reader import Reader
from precompute.live.reading import assigned
from precompute.live.windows import corpus_windows, firings_of
from precompute.run.progress import OnProgress


@dataclass(frozen=True)
class Counted:
    """Tokens at which each feature of the atlas fires, and how many of them are `unlike` it (method/assignment.py)."""

    fired: Int[np.ndarray, " n_features"]
    unlike: Int[np.ndarray, " n_features"]
    n_tokens: int


def counted(reader: Reader, share: float, on_progress: OnProgress) -> Counted:
    """Count the firings of the corpus by feature: that nearest to the input, also where the input is unlike it."""
    n_features = len(reader.atlas.features["layer"])
    fired, unlike, n_tokens, done = np.zeros(n_features, np.int64), np.zeros(n_features, np.int64), 0, 0
    first = first_features(reader)
    for windows in corpus_windows(reader, reader.atlas):
        for part in firings_of(reader, windows, share):
            assignment = assigned(reader, part, None)
            has_feature = assignment.feature >= 0
            feature = (first[part.layer][part.neuron] + assignment.feature)[has_feature]
            fired += np.bincount(feature, minlength=n_features)
            unlike += np.bincount(feature[assignment.unlike[has_feature]], minlength=n_features)
        n_tokens, done = n_tokens + int(windows.counted.sum()), done + len(windows)
        on_progress(done, len(reader.atlas.tokens))
    return Counted(fired, unlike, n_tokens)


def first_features(reader: Reader) -> dict[int, Int[np.ndarray, " n_neurons"]]:
    """Row of each neuron's feature 0 in the atlas's table, by layer."""
    n_features = reader.atlas.neurons["n_features"].astype(np.int64)
    first, layer = np.cumsum(n_features) - n_features, reader.atlas.neurons["layer"]
    return {each: first[layer == each] for each in reader.atlas.layers}


def densities_frame(reader: Reader, counts: Counted) -> pd.DataFrame:
    """Return one row for each feature. Intervals are too narrow: tokens of one text are not independent."""
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
