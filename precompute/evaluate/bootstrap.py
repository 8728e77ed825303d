"""Mean with its 95 % interval from resampled values (bootstrap)."""

import numpy as np
from jaxtyping import Float, Shaped

RESAMPLES, SEED = 1000, 0
AT_ONCE = 2**22  # values drawn at once


def mean(values: Shaped[np.ndarray, " n"]) -> float:
    """Mean of the values; NaN if there are none."""
    return float(values.mean()) if len(values) else float("nan")


def interval(values: Shaped[np.ndarray, " n"]) -> tuple[float, float]:
    """Ends of the central 95 % of the means of resampled values; NaN if there are none."""
    if not len(values):
        return float("nan"), float("nan")
    rng = np.random.default_rng(SEED)
    step = max(1, AT_ONCE // len(values))
    counts = [min(step, RESAMPLES - start) for start in range(0, RESAMPLES, step)]
    means = [values[rng.integers(len(values), size=(count, len(values)))].mean(axis=1) for count in counts]
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975]).tolist()
    return low, high


def mean_and_ends(values: Shaped[np.ndarray, " n"]) -> dict[str, float]:
    """Mean and ends of its interval, by the suffix of their figures' names."""
    low, high = interval(values)
    return {"": mean(values), "_low": low, "_high": high}


def mean_with_interval(values: Float[np.ndarray, " n"], digits: int = 3, signed: bool = False) -> str:
    """Mean with its interval as “0.812 [0.790, 0.834]”; `signed` adds the sign of a difference."""
    sign = "+" if signed else ""
    middle, (low, high) = mean(values), interval(values)
    return f"{middle:{sign}.{digits}f} [{low:{sign}.{digits}f}, {high:{sign}.{digits}f}]"
