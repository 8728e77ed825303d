"""Activations of a neuron relative to its maximum."""

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas, Neuron


def maximum(atlas: Atlas, ref) -> float:
    """Maximum activation of a neuron, always finite and positive."""
    value = float(atlas.neurons["maximum"][atlas.neuron_row(ref)])
    return max(value, 1e-6) if np.isfinite(value) else 1.0  # JSON has no NaN or infinity


def percent(atlas: Atlas, neuron: Neuron) -> Float[np.ndarray, " n"]:
    """Activation of each row in percent of the neuron's maximum, rounded to 0.1, the precision of a typed limit.

    0 where a damaged atlas has no finite number.
    """
    share = (neuron.activation.astype(np.float64) * 100 / maximum(atlas, neuron.ref)).round(1)
    return np.nan_to_num(share, nan=0, posinf=0, neginf=0)
