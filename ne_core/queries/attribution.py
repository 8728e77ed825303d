"""Largest contributions to a feature's mean pre-activation, and the tokens that its heads read most."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron
from ne_core.method.contributions import HEAD, Contributions, Part


@dataclass(frozen=True)
class Reading:
    """Token that a head reads most, over the `n` examples in which it is among the strongest heads.

    `back`: most frequent distance before the key token, in `n_back` examples; `back_token`: most frequent token at it.
    `token`: most frequent token at any distance, in `n_token` examples, `nearest` to `farthest` tokens before.
    """

    n: int
    back: int
    n_back: int
    back_token: int
    token: int
    n_token: int
    nearest: int
    farthest: int

    @property
    def by_token(self) -> bool:
        """True if the token describes the head's reading better than the distance."""
        return self.n_token > self.n_back


@dataclass(frozen=True)
class PartMean:
    """Mean of one part over a feature's examples, and its reading for a head that is ever among the strongest."""

    part: Part
    mean: float
    reading: Reading | None


@dataclass(frozen=True)
class Attribution:
    """Largest parts by size, the sum of the `n_rest` others, the biases, and the sum of all of these."""

    largest: list[PartMean]
    rest: float
    n_rest: int
    biases: float
    total: float


def attribution(
    atlas: Atlas, neuron: Neuron, contributions: Contributions, rows: Int[np.ndarray, " k"], most: int
) -> Attribution:
    """Average the contributions over some examples of a neuron, at least one."""
    mean = contributions.mean(rows)
    order = np.argsort(-np.abs(mean[:-1]), kind="stable")
    largest = [
        PartMean(contributions.part_list[i], float(mean[i]), reading(atlas, neuron, contributions, rows, i))
        for i in order[:most].tolist()
    ]
    rest = order[most:]
    return Attribution(largest, float(mean[rest].sum()), len(rest), float(mean[-1]), float(mean.sum()))


def reading(
    atlas: Atlas, neuron: Neuron, contributions: Contributions, rows: Int[np.ndarray, " k"], column: int
) -> Reading | None:
    """Summarise the reading of a part; None unless it is a head among the strongest in some example."""
    if contributions.part_list[column].kind != HEAD:
        return None
    number = column - next(i for i, part in enumerate(contributions.part_list) if part.kind == HEAD)
    index, rank = np.nonzero(contributions.read_head[rows] == number)
    if not len(index):
        return None
    back = contributions.read_back[rows][index, rank].astype(np.int64)
    tokens = atlas.tokens[neuron.example[rows][index], neuron.pos[rows][index] - back]
    commonest, n_back = most_common(back)
    token, n_token = most_common(tokens)
    of_token = back[tokens == token]
    back_token, _ = most_common(tokens[back == commonest])
    return Reading(len(index), commonest, n_back, back_token, token, n_token, int(of_token.min()), int(of_token.max()))


def most_common(values: Int[np.ndarray, " n"]) -> tuple[int, int]:
    """Most frequent value, the first if tied, and its count."""
    return Counter(values.tolist()).most_common(1)[0]
