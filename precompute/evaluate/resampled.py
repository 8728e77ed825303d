"""A mean and how far it can be trusted: the percentiles of means over resampled neurons (bootstrap)."""

import numpy as np
from jaxtyping import Float, Shaped

RESAMPLES, SEED = 1000, 0
AT_ONCE = 2**22  # values drawn together


def mean(values: Shaped[np.ndarray, " n"]) -> float:
    """NaN of nothing."""
    return float(values.mean()) if len(values) else float("nan")


def interval(values: Shaped[np.ndarray, " n"]) -> tuple[float, float]:
    """Between which 95 % of the means of resampled values lie; NaN of nothing."""
    if not len(values):
        return float("nan"), float("nan")
    rng = np.random.default_rng(SEED)
    step = max(1, AT_ONCE // len(values))
    counts = [min(step, RESAMPLES - start) for start in range(0, RESAMPLES, step)]
    means = [values[rng.integers(len(values), size=(count, len(values)))].mean(axis=1) for count in counts]
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975]).tolist()
    return low, high


def ends(values: Shaped[np.ndarray, " n"]) -> dict[str, float]:
    """The mean and the ends of its interval, by what the name of a figure has for each at its end."""
    low, high = interval(values)
    return {"": mean(values), "_low": low, "_high": high}


def told(values: Float[np.ndarray, " n"], digits: int = 3, signed: bool = False) -> str:
    """“0.812 [0.790, 0.834]”, a difference with its sign."""
    sign = "+" if signed else ""
    at, (low, high) = mean(values), interval(values)
    return f"{at:{sign}.{digits}f} [{low:{sign}.{digits}f}, {high:{sign}.{digits}f}]"
