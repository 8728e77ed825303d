"""What writes a pre-activation: the parts of it, by name, and what they are on average over a feature's examples.

    z = W · r / σ + b     r the residual stream before the MLP's norm, σ its scale there, held fixed for each example

r is a sum: token embedding, position embedding, the heads and MLPs before, and biases, which are the same for every
token (those of attention values and outputs, of MLP outputs, of the norm, and b_in). So is z, one part for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ne_core.errors import AtlasError

TOKEN, POSITION, HEAD, MLP, BIASES = "token", "position", "head", "mlp", "biases"
MOST_HEADS, MOST_PARTS = 2**10, 2**14  # of a layer, and before one
STRONGEST = 8  # heads of each example whose reading is kept
BLOCK = 2**22  # numbers checked together


@dataclass(frozen=True)
class Part:
    """One writer; `layer` of heads and MLPs, `head` of heads."""

    kind: str
    layer: int = -1
    head: int = -1

    def __str__(self) -> str:
        return {HEAD: f"L{self.layer} H{self.head}", MLP: f"L{self.layer} MLP"}.get(self.kind, self.kind)


@dataclass(frozen=True)
class Parts:
    """The writers of a model: whether positions are embedded, heads of a layer, and if its attention precedes its MLP.

    Where it does not, as in parallel blocks, neurons read the attention of earlier layers only.
    """

    position: bool
    heads: int
    own_attention: bool

    def n_heads(self, layer: int) -> int:
        """Heads that a layer's neurons read."""
        return self.heads * (layer + self.own_attention)

    def count(self, layer: int) -> int:
        return self.first_head + self.n_heads(layer) + layer + 1

    def n_read(self, layer: int) -> int:
        """How many heads of each example have their reading kept."""
        return min(STRONGEST, self.n_heads(layer))

    def countable(self, last_layer: int) -> bool:
        """Whether a model may have them: what a stranger wrote may be anything."""
        return 0 < self.heads <= MOST_HEADS and self.count(last_layer) <= MOST_PARTS

    @property
    def first_head(self) -> int:
        return 1 + self.position

    def named(self, layer: int) -> list[Part]:
        """In the order of the columns: token, position, heads, MLPs, biases."""
        heads = [Part(HEAD, *divmod(number, self.heads)) for number in range(self.n_heads(layer))]
        mlps = [Part(MLP, before) for before in range(layer)]
        return [Part(TOKEN), *([Part(POSITION)] * self.position), *heads, *mlps, Part(BIASES)]


@dataclass(frozen=True)
class Contributions:
    """Of one neuron's examples, a row each: the parts, and where the strongest heads read most.

    `read_head` numbers heads among the neuron's, strongest first; `read_back` says how many tokens before the key token
    the one is whose part of what the head writes is largest, in the head's direction.
    """

    named: list[Part]
    parts: Float[np.ndarray, "n n_parts"]
    read_head: Int[np.ndarray, "n n_read"]
    read_back: Int[np.ndarray, "n n_read"]

    def mean(self, rows: Int[np.ndarray, " k"]) -> Float[np.ndarray, " n_parts"]:
        """Over some examples, of which there is one at least; their sum is the mean pre-activation."""
        return self.parts[rows].astype(np.float64).mean(axis=0)


def check_contributions(
    folder: Path,
    columns: Mapping[str, np.ndarray],
    n_heads: int,
    pos: Int[np.ndarray, " n_rows"],
    lengths: Int[np.ndarray, " n_rows"],
) -> None:
    """Raise unless parts are numbers, and heads and what they read are there; `lengths` are of the rows' examples."""
    parts, read_head, read_back = (columns[name] for name in ("contributions", "read_head", "read_back"))
    step = max(1, BLOCK // max(1, parts.shape[1]))
    for start in range(0, len(parts), step):
        if not np.isfinite(parts[start : start + step]).all():
            raise AtlasError(f"{folder / 'contributions.npy'} holds numbers that are not finite: build the atlas again")
    if read_head.size and (read_head.min() < 0 or read_head.max() >= n_heads):
        raise AtlasError(f"{folder / 'read_head.npy'} names heads that there are not: build the atlas again")
    source = np.asarray(pos, dtype=np.int64)[:, None] - read_back
    if (source < 0).any() or (source >= np.asarray(lengths)[:, None]).any():
        raise AtlasError(f"{folder / 'read_back.npy'} points outside its examples: build the atlas again")
