"""Contributions to a pre-activation: its parts by name, and their means over a feature's examples.

    z = W · r / σ + b     r the residual stream before the MLP's norm, σ its scale there, held fixed for each example

r is the sum of the token embedding, the position embedding, the outputs of earlier heads and MLPs, and biases that are
the same for every token (attention values and outputs, MLP outputs, the norm, b_in). z splits into the same parts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ne_core.errors import AtlasError

TOKEN, POSITION, HEAD, MLP, BIASES = "token", "position", "head", "mlp", "biases"
MOST_HEADS, MOST_PARTS = 2**10, 2**14  # heads of a layer, and parts of a pre-activation
STRONGEST = 8  # heads per example for which the most-read token is stored
BLOCK = 2**22  # numbers checked at a time


@dataclass(frozen=True)
class Part:
    """One part of a pre-activation; `layer` is for heads and MLPs, `head` for heads, −1 otherwise."""

    kind: str
    layer: int = -1
    head: int = -1

    def __str__(self) -> str:
        return {HEAD: f"L{self.layer} H{self.head}", MLP: f"L{self.layer} MLP"}.get(self.kind, self.kind)


@dataclass(frozen=True)
class Parts:
    """Parts of a model's pre-activations.

    `position`: the model has position embeddings. `heads`: heads per layer. `own_attention`: neurons read the attention
    of their own layer too; False for parallel blocks, where they read earlier layers only.
    """

    position: bool
    heads: int
    own_attention: bool

    def n_heads(self, layer: int) -> int:
        """Number of heads that a layer's neurons read."""
        return self.heads * (layer + self.own_attention)

    def count(self, layer: int) -> int:
        """Number of parts of a pre-activation of the layer."""
        return self.first_head + self.n_heads(layer) + layer + 1

    def n_read(self, layer: int) -> int:
        """Number of heads per example for which the most-read token is stored."""
        return min(STRONGEST, self.n_heads(layer))

    def countable(self, last_layer: int) -> bool:
        """True if the number of heads and parts is within bounds: the manifest may come from a stranger."""
        return 0 < self.heads <= MOST_HEADS and self.count(last_layer) <= MOST_PARTS

    @property
    def first_head(self) -> int:
        """Index of the first head among the parts, after token and position."""
        return 1 + self.position

    def part_list(self, layer: int) -> list[Part]:
        """List the parts in the order of the columns: token, position, heads, MLPs, biases."""
        heads = [Part(HEAD, *divmod(number, self.heads)) for number in range(self.n_heads(layer))]
        mlps = [Part(MLP, before) for before in range(layer)]
        return [Part(TOKEN), *([Part(POSITION)] * self.position), *heads, *mlps, Part(BIASES)]


@dataclass(frozen=True)
class Contributions:
    """Parts of one neuron's pre-activations, a row per example, and the tokens that the strongest heads read most.

    `read_head`: numbers of the strongest heads among those that the neuron reads, strongest first. `read_back`: number
    of tokens from the key token back to the token that contributes most to the head's output, in its direction.
    """

    part_list: list[Part]
    parts: Float[np.ndarray, "n n_parts"]
    read_head: Int[np.ndarray, "n n_read"]
    read_back: Int[np.ndarray, "n n_read"]

    def mean(self, rows: Int[np.ndarray, " k"]) -> Float[np.ndarray, " n_parts"]:
        """Mean of each part over at least one example; the means sum to the mean pre-activation."""
        return self.parts[rows].astype(np.float64).mean(axis=0)


def check_contributions(
    folder: Path,
    columns: Mapping[str, np.ndarray],
    n_heads: int,
    pos: Int[np.ndarray, " n_rows"],
    lengths: Int[np.ndarray, " n_rows"],
) -> None:
    """Raise AtlasError unless parts are finite and heads and the tokens they read exist.

    `lengths` are the lengths of the rows' examples.
    """
    parts, read_head, read_back = (columns[name] for name in ("contributions", "read_head", "read_back"))
    step = max(1, BLOCK // max(1, parts.shape[1]))
    for start in range(0, len(parts), step):
        if not np.isfinite(parts[start : start + step]).all():
            raise AtlasError(f"{folder / 'contributions.npy'} holds numbers that are not finite: build the atlas again")
    if read_head.size and (read_head.min() < 0 or read_head.max() >= n_heads):
        raise AtlasError(f"{folder / 'read_head.npy'} holds heads that do not exist: build the atlas again")
    source = np.asarray(pos, dtype=np.int64)[:, None] - read_back
    if (source < 0).any() or (source >= np.asarray(lengths)[:, None]).any():
        raise AtlasError(f"{folder / 'read_back.npy'} points outside its examples: build the atlas again")
