"""Embedding spaces, by name: formulas that make an activating example a vector. Features are clusters in one of them.

With x the input of the MLP at the key token, w the neuron's input weights, μ and Σ the mean and covariance of x over
the layer's sample, S = Σ + λ̄ I and λ̄ the mean eigenvalue of Σ:

pre_mlp              x
centred              x − μ
standardised         (x − μ) / σ, σ² the diagonal of Σ
whitened             y = S^−½ (x − μ)
conditional          y − (y·u) u, u the direction of S^½ w: y without the part that the pre-activation determines
neuron               x ⊙ w (Foote 2024), the reference
neuron_centred       (x − μ) ⊙ w
neuron_whitened      y ⊙ S^½ w, whose sum is w·(x − μ), as for neuron_centred

Standardising x ⊙ w over the layer equals standardising x, up to signs of inputs, which cosines ignore. If x were normal
with covariance S, `conditional` would be y minus its expectation given w·x. All examples of a neuron have similar
pre-activations, which are a part of every x but cannot distinguish the neuron's meanings.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from ne_core.method.statistics import InputStatistics

EMBEDDINGS = {
    "neuron": "x ⊙ w",
    "pre_mlp": "x",
    "centred": "x − μ",
    "standardised": "(x − μ) / σ",
    "whitened": "S^−½ (x − μ)",
    "conditional": "S^−½ (x − μ) given w·x",
    "neuron_centred": "(x − μ) ⊙ w",
    "neuron_whitened": "S^−½ (x − μ) ⊙ S^½ w",
}
REFERENCE, DEFAULT = "neuron", "standardised"  # the paper's, and the best on planted meanings (docs/meanings.md)
CENTRED_CUT, RAW_CUT = 0.8, 0.5


@dataclass(frozen=True)
class Embedder:
    """Embeds the examples of one layer's neurons; its matrices are computed on first use."""

    statistics: InputStatistics

    def __call__(
        self, space: str, x: Float[np.ndarray, "n d_in"], w: Float[np.ndarray, " d_in"]
    ) -> Float[np.ndarray, "n d_in"]:
        """Embed a neuron's examples, a row each. Raises KeyError for an unknown space."""
        return combined(space, self.inputs(space, x), self.weights(space, w[:, None])[:, 0])

    def inputs(self, space: str, x: Float[np.ndarray, "n d_in"]) -> Float[np.ndarray, "n d_in"]:
        """Layer part of the embeddings, the same for all neurons that an input activates."""
        return FORMULAS[space].inputs(self, x)

    def weights(self, space: str, W: Float[np.ndarray, "d_in k"]) -> Float[np.ndarray, "d_in k"]:
        """Neuron part of the embeddings, for several neurons, a column each."""
        return FORMULAS[space].weights(self, W)

    def centred(self, x: Float[np.ndarray, "n d_in"]) -> Float[np.ndarray, "n d_in"]:
        """x − μ."""
        return np.asarray(x, dtype=np.float32) - self.statistics.mean

    def standardised(self, x: Float[np.ndarray, "n d_in"]) -> Float[np.ndarray, "n d_in"]:
        """Standardise inputs; an input that never changes is only centred."""
        variances = np.diag(self.statistics.covariance)
        return self.centred(x) / np.sqrt(np.where(variances > 0, variances, 1))

    def whitened(self, x: Float[np.ndarray, "n d_in"]) -> Float[np.ndarray, "n d_in"]:
        """S^−½ (x − μ)."""
        return self.centred(x) @ self.whitening

    def coloured(self, W: Float[np.ndarray, "d_in k"]) -> Float[np.ndarray, "d_in k"]:
        """S^½ W."""
        return self.colouring @ np.asarray(W, dtype=np.float32)

    @cached_property
    def whitening(self) -> Float[np.ndarray, "d_in d_in"]:
        """Matrix S^−½."""
        return self._power(-0.5)

    @cached_property
    def colouring(self) -> Float[np.ndarray, "d_in d_in"]:
        """Matrix S^½."""
        return self._power(0.5)

    def _power(self, power: float) -> Float[np.ndarray, "d_in d_in"]:
        """Matrix S to a power; the identity for a layer whose inputs never change."""
        values, vectors = self._eigen
        return ((vectors * values**power) @ vectors.T).astype(np.float32)

    @cached_property
    def _eigen(self) -> tuple[Float[np.ndarray, " d_in"], Float[np.ndarray, "d_in d_in"]]:
        values, vectors = np.linalg.eigh(self.statistics.covariance.astype(np.float64))
        values = np.maximum(values, 0)  # negative eigenvalues are rounding
        return values + (values.mean() if values.any() else 1), vectors


def default_cut(space: str) -> float:
    """Default cut of a space: the paper's for uncentred x, a higher one for centred inputs, which are further apart."""
    return RAW_CUT if space in ("neuron", "pre_mlp") else CENTRED_CUT


def combined(space: str, x: Float[np.ndarray, "n d_in"], w: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, "n d_in"]:
    """Combine `Embedder.inputs` of a neuron's examples and `Embedder.weights` of the neuron into embeddings."""
    return FORMULAS[space].combine(x, w)


def without_direction(y: Float[np.ndarray, "n d_in"], u: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, "n d_in"]:
    """Remove from y its part along u; nothing for u = 0."""
    squared = float(u @ u)
    return y - np.outer(y @ (u / squared), u) if squared > 0 else y


@dataclass(frozen=True)
class Formula:
    """Formula of a space: an embedding from an input and a neuron's weights."""

    inputs: Callable[[Embedder, np.ndarray], np.ndarray] = lambda to, x: x
    weights: Callable[[Embedder, np.ndarray], np.ndarray] = lambda to, W: W
    combine: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda x, w: x


FORMULAS = {
    "neuron": Formula(combine=np.multiply),
    "pre_mlp": Formula(),
    "centred": Formula(Embedder.centred),
    "standardised": Formula(Embedder.standardised),
    "whitened": Formula(Embedder.whitened),
    "conditional": Formula(Embedder.whitened, Embedder.coloured, without_direction),
    "neuron_centred": Formula(Embedder.centred, combine=np.multiply),
    "neuron_whitened": Formula(Embedder.whitened, Embedder.coloured, np.multiply),
}


def reads_weights(space: str) -> bool:
    """True if an embedding depends on the neuron's weights."""
    return FORMULAS[space].combine is not Formula().combine
