"""Confidence intervals of counted shares."""

import numpy as np
from jaxtyping import Float, Int

Z95 = 1.959964  # 95 % of a standard normal variable lie between −Z95 and Z95


def wilson(
    k: Int[np.ndarray, " n"], total: int, z: float = Z95
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Wilson score interval of each share k / total; from 0 to 1 for a total of 0."""
    if not total:
        return np.zeros(len(k)), np.ones(len(k))
    share = k / total
    middle = share + z**2 / (2 * total)
    spread = z * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    scale = 1 + z**2 / total
    low, high = (middle - spread) / scale, (middle + spread) / scale
    return np.where(k > 0, np.maximum(low, 0), 0.0), np.where(k < total, np.minimum(high, 1), 1.0)
