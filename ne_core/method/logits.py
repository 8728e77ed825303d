"""What a neuron does to the model's output directly: the tokens that its activation makes more and less likely."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ne_core.errors import AtlasError


@dataclass(frozen=True)
class LogitEffects:
    """(token id, effect) of the tokens that are raised most, highest first, and lowered most, lowest first.

    An effect is what one unit of activation adds to the token's logit through the neuron's output weights alone, less
    what it adds to the mean logit; up to the scale that the final norm gives the residual stream.
    """

    raised: list[tuple[int, float]]
    lowered: list[tuple[int, float]]


def logit_effects(columns: Mapping[str, np.ndarray], neuron: int) -> LogitEffects:
    """Of one neuron of a layer, from its two columns."""
    tokens, effects = columns["logit_tokens"][neuron].tolist(), columns["logit_effects"][neuron].tolist()
    pairs = (zip(*rows, strict=True) for rows in zip(tokens, effects, strict=True))
    return LogitEffects(*([(token, effect) for token, effect in row if token >= 0] for row in pairs))


def check_logits(folder: Path, columns: Mapping[str, np.ndarray], n_vocab: int) -> None:
    """Raise unless every token exists, or is −1, and has a number, or NaN."""
    tokens, effects = columns["logit_tokens"], columns["logit_effects"]
    if tokens.min() < -1 or tokens.max() >= n_vocab:
        raise AtlasError(f"{folder / 'logit_tokens.npy'} points outside the atlas: build the atlas again")
    if not np.array_equal(np.isfinite(effects), tokens >= 0):
        raise AtlasError(f"{folder / 'logit_effects.npy'} holds numbers that are not finite: build the atlas again")
