"""Why a feature activates its neuron: the largest parts of its mean pre-activation, and what its heads read most."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron
from ne_core.method.contributions import HEAD, Contributions, Part


@dataclass(frozen=True)
class Reading:
    """What a head reads most, over the `n` examples among whose strongest heads it is.

    Most often, in `n_back` of them, from `back` tokens before the key token, where `there` is the commonest token, or
    in `n_token` from the token `token`, wherever: `nearest` to `farthest` tokens before.
    """

    n: int
    back: int
    n_back: int
    there: int
    token: int
    n_token: int
    nearest: int
    farthest: int

    @property
    def by_token(self) -> bool:
        """Whether the token says more of it than the distance."""
        return self.n_token > self.n_back


@dataclass(frozen=True)
class Written:
    """One part's mean over a feature's examples; of a head, what it reads if it is among the strongest in any."""

    part: Part
    mean: float
    reading: Reading | None


@dataclass(frozen=True)
class Why:
    """The largest parts by size, the sum of `n_rest` others, the biases, and the total: all of these together."""

    largest: list[Written]
    rest: float
    n_rest: int
    biases: float
    total: float


def why(atlas: Atlas, neuron: Neuron, wrote: Contributions, rows: Int[np.ndarray, " k"], most: int) -> Why:
    """Of some examples of a neuron, one at least."""
    mean = wrote.mean(rows)
    order = np.argsort(-np.abs(mean[:-1]), kind="stable")
    largest = [
        Written(wrote.named[i], float(mean[i]), reading(atlas, neuron, wrote, rows, i)) for i in order[:most].tolist()
    ]
    rest = order[most:]
    return Why(largest, float(mean[rest].sum()), len(rest), float(mean[-1]), float(mean.sum()))


def reading(
    atlas: Atlas, neuron: Neuron, wrote: Contributions, rows: Int[np.ndarray, " k"], column: int
) -> Reading | None:
    """Of the part in a column, None unless it is a head that is among the strongest of some example."""
    if wrote.named[column].kind != HEAD:
        return None
    number = column - next(i for i, part in enumerate(wrote.named) if part.kind == HEAD)
    at, place = np.nonzero(wrote.read_head[rows] == number)
    if not len(at):
        return None
    back = wrote.read_back[rows][at, place].astype(np.int64)
    tokens = atlas.tokens[neuron.example[rows][at], neuron.pos[rows][at] - back]
    commonest, n_back = most_common(back)
    token, n_token = most_common(tokens)
    of_token = back[tokens == token]
    there, _ = most_common(tokens[back == commonest])
    return Reading(len(at), commonest, n_back, there, token, n_token, int(of_token.min()), int(of_token.max()))


def most_common(values: Int[np.ndarray, " n"]) -> tuple[int, int]:
    """The first of the most frequent values, and how often it is there."""
    return Counter(values.tolist()).most_common(1)[0]
