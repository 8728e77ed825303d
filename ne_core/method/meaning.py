"""The direction of x that is a meaning: what a feature's mean has beyond its siblings' (docs/meanings.md says why).

With μ the mean of x over the layer's sample, f the mean of a feature's examples less μ and s that of its siblings:

    d = f − s (f·s) / (s·s),  u = d / |d|,  x' = x − ((x − μ)·u) u

All examples of a neuron were chosen for much the same pre-activation, so that w·f ≈ w·s: the plain difference f − s is
a direction that the neuron hardly reads. d is what the feature has that its siblings do not point to.
"""

import numpy as np
from jaxtyping import Bool, Float


def beyond(
    x: Float[np.ndarray, "n d_in"], own: Bool[np.ndarray, " n"], mean: Float[np.ndarray, " d_in"]
) -> Float[np.ndarray, " d_in"]:
    """u of the feature of which some examples are; 0 where it has nothing beyond its siblings.

    A feature without siblings, which has all of the examples, is its whole mean.
    """
    f, s = (centred_mean(x[of], mean) for of in (own, ~own))
    return scaled(f - along(f, s))


def centred_mean(x: Float[np.ndarray, "n d_in"], mean: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, " d_in"]:
    """The mean of some inputs less the layer's; 0 for none."""
    return x.mean(axis=0, dtype=np.float64) - mean if len(x) else np.zeros(len(mean))


def along(f: Float[np.ndarray, " d_in"], s: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, " d_in"]:
    """The part of f along s."""
    squared = float(s @ s)
    return s * ((f @ s) / squared) if squared > 0 else np.zeros_like(s)


def scaled(d: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, " d_in"]:
    """Of length 1, or 0."""
    length = float(np.linalg.norm(d))
    return (d / length if length > 0 else np.zeros_like(d)).astype(np.float32)


def span(directions: Float[np.ndarray, "k d_in"]) -> Float[np.ndarray, "m d_in"]:
    """Directions at right angles that span the same; those that add nothing are left out."""
    _, lengths, basis = np.linalg.svd(directions.astype(np.float64), full_matrices=False)
    return basis[lengths > 1e-6 * max(1.0, float(lengths.max(initial=0)))].astype(np.float32)


def along_span(
    x: Float[np.ndarray, "n d_in"], mean: Float[np.ndarray, " d_in"], basis: Float[np.ndarray, "m d_in"]
) -> Float[np.ndarray, "n d_in"]:
    """The part of x − μ in the span: x' is x without it."""
    return (((x - mean) @ basis.T) @ basis).astype(np.float32)
