"""Alignment of layers: a rotation of each layer's standardised inputs, by which inputs at common positions meet.

The inputs of two layers at the positions that both hold are A_ij and A_ji, row by row. The rotations R_i maximise

    Σ_ij tr(R_iᵀ A_ijᵀ A_ji R_j) + Σ_i tr(R_i),

which is generalised orthogonal Procrustes analysis: rotated inputs of one position are as near as they can be, and
distances within a layer stay as they are. The second term, as much as one input, prefers the model's own coordinates
where no common input decides. R_i is in turn the orthogonal factor of Σ_j A_ijᵀ A_ji R_j + I.

Any few inputs can be rotated to meet. Two layers are therefore *related*, and aligned with each other, only if
rotations that are fitted to half of the texts bring the inputs of the other half together: if their congruence

    tr(R_iᵀ A_ijᵀ A_ji R_j) / (|A_ij| |A_ji|)

is at least RELATED. It is 0 for independent inputs, 1 for equal ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.embeddings import Embedder

ROUNDS = 2  # of all layers; in the first, each is rotated to those before. Further rounds change no figure
MOST = 8192  # common inputs of two layers that are used, evenly spaced if there are more
RELATED = 0.1
Crosses = Mapping[tuple[int, int], Float[np.ndarray, "d d"]]  # A_ijᵀ A_ji by indices of layers, i < j


def position_number(example: Int[np.ndarray, " n"], pos: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Number the positions of the corpus, in its order; `pos` is an int16."""
    return np.asarray(example, dtype=np.int64) * 2**16 + pos


def odd_text(position: Int[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Mask of the positions of texts with odd numbers."""
    return (position >> 16) % 2 == 1


@dataclass(frozen=True)
class LayerInputs:
    """Inputs of one layer, a row each; `position` is the `position_number` of each, ascending."""

    position: Int[np.ndarray, " n"]
    x: Float[np.ndarray, "n d"]
    embedder: Embedder

    @classmethod
    def of(
        cls, example: Int[np.ndarray, " n_rows"], pos: Int[np.ndarray, " n_rows"], x: np.ndarray, embedder: Embedder
    ) -> "LayerInputs":
        """Inputs of rows at these positions; `x`, [n d], is sorted by position and holds each once."""
        return cls(np.unique(position_number(example, pos)), x, embedder)

    @property
    def d(self) -> int:
        """Width of the inputs."""
        return self.x.shape[1]

    def standardised(self, position: Int[np.ndarray, " k"]) -> Float[np.ndarray, "k d"]:
        """Standardised inputs at some of the positions."""
        return self.embedder.standardised(self.x[np.searchsorted(self.position, position)])


@dataclass(frozen=True)
class Aligner:
    """Brings inputs of one layer into the space that the layers share."""

    embedder: Embedder
    rotation: Float[np.ndarray, "d d"]

    def __call__(self, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
        return self.embedder.standardised(x) @ self.rotation


@dataclass(frozen=True)
class Common:
    """Sums over common inputs of two layers: A_ijᵀ A_ji and |A_ij| |A_ji|."""

    cross: Float[np.ndarray, "d d"]
    size: float


def aligners(layers: Sequence[LayerInputs]) -> list[Aligner]:
    """Align layers of one width; a layer that no other is related to keeps the model's coordinates."""
    turned = rotations(related_crosses(layers), len(layers), layers[0].d)
    return [Aligner(layer.embedder, R.astype(np.float32)) for layer, R in zip(layers, turned, strict=True)]


def related_crosses(layers: Sequence[LayerInputs]) -> dict[tuple[int, int], Float[np.ndarray, "d d"]]:
    """Crosses of the related layers, over all common inputs."""
    fitted, held_out = {}, {}
    for pair, halves in common_inputs(layers):
        fitted[pair], held_out[pair] = halves
    crosses = {pair: half.cross for pair, half in fitted.items()}
    trial = rotations(crosses, len(layers), layers[0].d)
    return {
        (i, j): crosses[i, j] + half.cross
        for (i, j), half in held_out.items()
        if congruence(half, trial[i], trial[j]) >= RELATED
    }


def congruence(common: Common, one: Float[np.ndarray, "d d"], other: Float[np.ndarray, "d d"]) -> float:
    """Congruence of the common inputs of two layers after their rotations."""
    return float(np.vdot(one, common.cross @ other)) / common.size if common.size else 0.0


def common_inputs(layers: Sequence[LayerInputs]) -> Iterator[tuple[tuple[int, int], list[Common]]]:
    """Sums over the common inputs of every two layers that have at least d of them, in two halves of the texts."""
    for i, j in combinations(range(len(layers)), 2):
        common = np.intersect1d(layers[i].position, layers[j].position, assume_unique=True)
        if len(common) >= layers[i].d:
            common = common[np.linspace(0, len(common) - 1, min(len(common), MOST)).astype(np.int64)]
            odd = odd_text(common)
            yield (i, j), [summed(layers[i], layers[j], half) for half in (common[~odd], common[odd])]


def summed(one: LayerInputs, other: LayerInputs, position: Int[np.ndarray, " k"]) -> Common:
    """Sums over the inputs of two layers at some positions."""
    a, b = (layer.standardised(position).astype(np.float64) for layer in (one, other))
    return Common(a.T @ b, float(np.linalg.norm(a) * np.linalg.norm(b)))


def rotations(crosses: Crosses, n_layers: int, d: int) -> list[Float[np.ndarray, "d d"]]:
    """Rotate the layers to each other, one after the other, in ROUNDS."""
    both = {**crosses, **{(j, i): cross.T for (i, j), cross in crosses.items()}}
    result: dict[int, np.ndarray] = {}
    for _ in range(ROUNDS):
        for i in range(n_layers):
            pulls = (both[i, j] @ R for j, R in result.items() if (i, j) in both)
            result[i] = orthogonal(sum(pulls, start=np.eye(d)))
    return list(result.values())


def orthogonal(matrix: Float[np.ndarray, "d d"]) -> Float[np.ndarray, "d d"]:
    """Nearest orthogonal matrix."""
    u, _, vt = np.linalg.svd(matrix)
    return u @ vt
