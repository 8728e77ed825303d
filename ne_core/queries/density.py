"""Density of a feature: the share of the tokens of an atlas's texts at which it fires, with its interval."""

from dataclasses import dataclass

import numpy as np

from ne_core.atlas import Atlas
from ne_core.method.intervals import wilson
from ne_core.refs import FeatureRef


@dataclass(frozen=True)
class FeatureDensity:
    """`fires` of `positions` tokens, the 95 % interval of that share, and the `threshold`, a share of the maximum."""

    fires: int
    positions: int
    low: float
    high: float
    threshold: float


def density(atlas: Atlas, ref: FeatureRef) -> FeatureDensity | None:
    """Density of a feature; None where firings were not counted. Raises KeyError for an unknown feature."""
    facts = atlas.manifest.density
    if facts is None:
        return None
    fires = int(atlas.fires[atlas.feature_id(ref)])
    (low,), (high,) = wilson(np.array([fires]), facts.positions)
    return FeatureDensity(fires, facts.positions, float(low), float(high), float(facts.share))


def density_words(ref: FeatureRef, counted: FeatureDensity) -> str:
    """One sentence."""
    share, low, high = (percent(each) for each in (counted.fires / counted.positions, counted.low, counted.high))
    return (
        f"Feature {ref.feature} fires on {share} % of the corpus’s {counted.positions:,} tokens ({low}–{high} %), at "
        f"{percent(counted.threshold)} % of its neuron’s maximum or more."
    )


def percent(share: float) -> str:
    """A share as a number of percent, to two significant digits, never in scientific notation."""
    if share == 0:
        return "0"
    digits = max(0, 1 - int(np.floor(np.log10(100 * share))))
    return f"{100 * share:.{digits}f}"
