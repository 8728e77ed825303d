"""Direction of a feature's meaning: the part of its mean x orthogonal to that of its siblings (docs/meanings.md).

With μ the mean of x over the layer's sample, f the mean of a feature's examples less μ and s that of its siblings:

    d = f − s (f·s) / (s·s),  u = d / |d|,  x' = x − ((x − μ)·u) u

Siblings are the neuron's other features. All examples of a neuron have similar pre-activations, so w·f ≈ w·s, and the
neuron hardly reads the plain difference f − s. Therefore d is the part of f that is orthogonal to s.
"""

import numpy as np
from jaxtyping import Bool, Float


def beyond(
    x: Float[np.ndarray, "n d_in"], in_feature: Bool[np.ndarray, " n"], mean: Float[np.ndarray, " d_in"]
) -> Float[np.ndarray, " d_in"]:
    """Direction u of the feature that has the examples `in_feature`; 0 if f is parallel to s.

    For a feature without siblings, u is the direction of its mean.
    """
    f, s = (centred_mean(x[rows], mean) for rows in (in_feature, ~in_feature))
    return scaled(f - along(f, s))


def centred_mean(x: Float[np.ndarray, "n d_in"], mean: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, " d_in"]:
    """Mean of some inputs minus that of the layer; 0 for no inputs."""
    return x.mean(axis=0, dtype=np.float64) - mean if len(x) else np.zeros(len(mean))


def along(f: Float[np.ndarray, " d_in"], s: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, " d_in"]:
    """Part of f along s."""
    squared = float(s @ s)
    return s * ((f @ s) / squared) if squared > 0 else np.zeros_like(s)


def scaled(d: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, " d_in"]:
    """Scale to length 1; 0 stays 0."""
    length = float(np.linalg.norm(d))
    return (d / length if length > 0 else np.zeros_like(d)).astype(np.float32)


def span(directions: Float[np.ndarray, "k d_in"]) -> Float[np.ndarray, "m d_in"]:
    """Orthonormal basis of the span of some directions."""
    _, lengths, basis = np.linalg.svd(directions.astype(np.float64), full_matrices=False)
    return basis[lengths > 1e-6 * max(1.0, float(lengths.max(initial=0)))].astype(np.float32)


def along_span(
    x: Float[np.ndarray, "n d_in"], mean: Float[np.ndarray, " d_in"], basis: Float[np.ndarray, "m d_in"]
) -> Float[np.ndarray, "n d_in"]:
    """Part of x − μ in the span of the basis; x' is x minus this part."""
    return (((x - mean) @ basis.T) @ basis).astype(np.float32)
