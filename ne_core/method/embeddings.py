"""Embedding spaces: how an activating example becomes a vector, by name. Features are clusters in one of them.

With x the input of the MLP at the key token, w the neuron's input weights, μ and Σ the mean and covariance of x over
the layer's sample, S = Σ + λ̄ I and λ̄ the mean eigenvalue of Σ:

pre_mlp              x
centred              x − μ
standardised         (x − μ) / σ, σ² the diagonal of Σ
whitened             y = S^−½ (x − μ)
conditional          y − (y·u) u, u the direction of S^½ w: y without what the pre-activation tells of it
neuron               x ⊙ w (Foote 2024), the reference
neuron_centred       (x − μ) ⊙ w
neuron_whitened      y ⊙ S^½ w, whose sum is w·(x − μ) as that of neuron_centred is

Standardising x ⊙ w by the layer is standardising x, up to a sign for every input that cosines do not see. If x were
normal with covariance S, `conditional` would be y less its expectation given w·x. All examples of a neuron have much
the same pre-activation, which therefore cannot tell its meanings apart, and yet is a part of every x.
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
REFERENCE, DEFAULT = "neuron", "standardised"  # the paper's, and the one that planted meanings chose (docs/meanings.md)
CENTRED_CUT, RAW_CUT = 0.8, 0.5


@dataclass(frozen=True)
class Embedder:
    """Embeds the examples of one layer's neurons; its matrices are made once, when first asked for."""

    statistics: InputStatistics

    def __call__(
        self, space: str, x: Float[np.ndarray, "n d_in"], w: Float[np.ndarray, " d_in"]
    ) -> Float[np.ndarray, "n d_in"]:
        """The embeddings of a neuron's examples, one row each. Raises KeyError for a space that there is not."""
        return combined(space, self.inputs(space, x), self.weights(space, w[:, None])[:, 0])

    def inputs(self, space: str, x: Float[np.ndarray, "n d_in"]) -> Float[np.ndarray, "n d_in"]:
        """What of an embedding is the layer's: the same for all neurons that an input activates."""
        return WAYS[space].inputs(self, x)

    def weights(self, space: str, W: Float[np.ndarray, "d_in k"]) -> Float[np.ndarray, "d_in k"]:
        """What of it is the neuron's, for several neurons, a column each."""
        return WAYS[space].weights(self, W)

    def centred(self, x: Float[np.ndarray, "n d_in"]) -> Float[np.ndarray, "n d_in"]:
        return np.asarray(x, dtype=np.float32) - self.statistics.mean

    def standardised(self, x: Float[np.ndarray, "n d_in"]) -> Float[np.ndarray, "n d_in"]:
        """An input that never changes is left centred."""
        variances = np.diag(self.statistics.covariance)
        return self.centred(x) / np.sqrt(np.where(variances > 0, variances, 1))

    def whitened(self, x: Float[np.ndarray, "n d_in"]) -> Float[np.ndarray, "n d_in"]:
        return self.centred(x) @ self.whitening

    def coloured(self, W: Float[np.ndarray, "d_in k"]) -> Float[np.ndarray, "d_in k"]:
        return self.colouring @ np.asarray(W, dtype=np.float32)

    @cached_property
    def whitening(self) -> Float[np.ndarray, "d_in d_in"]:
        """S^−½."""
        return self._power(-0.5)

    @cached_property
    def colouring(self) -> Float[np.ndarray, "d_in d_in"]:
        """S^½."""
        return self._power(0.5)

    def _power(self, power: float) -> Float[np.ndarray, "d_in d_in"]:
        """S to a power; the identity for a layer whose inputs never change."""
        values, vectors = self._eigen
        return ((vectors * values**power) @ vectors.T).astype(np.float32)

    @cached_property
    def _eigen(self) -> tuple[Float[np.ndarray, " d_in"], Float[np.ndarray, "d_in d_in"]]:
        values, vectors = np.linalg.eigh(self.statistics.covariance.astype(np.float64))
        values = np.maximum(values, 0)  # what is below is rounding
        return values + (values.mean() if values.any() else 1), vectors


def usual_cut(space: str) -> float:
    """The cut unless told: for x as it is, weighted or not, the paper's; inputs that are centred lie further apart."""
    return RAW_CUT if space in ("neuron", "pre_mlp") else CENTRED_CUT


def combined(space: str, x: Float[np.ndarray, "n d_in"], w: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, "n d_in"]:
    """Embeddings from what `Embedder.inputs` and `Embedder.weights` made of a neuron's inputs and weights."""
    return WAYS[space].combine(x, w)


def given(y: Float[np.ndarray, "n d_in"], u: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, "n d_in"]:
    """y without its part along u; weights of 0 tell nothing of an input."""
    squared = float(u @ u)
    return y - np.outer(y @ (u / squared), u) if squared > 0 else y


@dataclass(frozen=True)
class Way:
    """How a space makes an embedding of an input and of a neuron's weights."""

    inputs: Callable[[Embedder, np.ndarray], np.ndarray] = lambda to, x: x
    weights: Callable[[Embedder, np.ndarray], np.ndarray] = lambda to, W: W
    combine: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda x, w: x


WAYS = {
    "neuron": Way(combine=np.multiply),
    "pre_mlp": Way(),
    "centred": Way(Embedder.centred),
    "standardised": Way(Embedder.standardised),
    "whitened": Way(Embedder.whitened),
    "conditional": Way(Embedder.whitened, Embedder.coloured, given),
    "neuron_centred": Way(Embedder.centred, combine=np.multiply),
    "neuron_whitened": Way(Embedder.whitened, Embedder.coloured, np.multiply),
}


def reads_weights(space: str) -> bool:
    """Whether an embedding depends on the neuron, beyond which examples it has."""
    return WAYS[space].combine is not Way().combine
