"""Activations of a neuron beside its maximum."""

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas, Neuron


def maximum(atlas: Atlas, ref) -> float:
    """The activation drawn at full strength: the neuron's maximum."""
    found = float(atlas.neurons["maximum"][atlas.neuron_row(ref)])
    return max(found, 1e-6) if np.isfinite(found) else 1.0  # JSON has no other numbers


def percent(atlas: Atlas, neuron: Neuron) -> Float[np.ndarray, " n"]:
    """Activation of each row in percent of the neuron's maximum, to a tenth: what is typed is what is compared.

    0 where a damaged atlas has no number.
    """
    share = (neuron.activation.astype(np.float64) * 100 / maximum(atlas, neuron.ref)).round(1)
    return np.nan_to_num(share, nan=0, posinf=0, neginf=0)
