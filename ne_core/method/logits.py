"""Direct effect of a neuron on the model's output: tokens that its activation makes more and less likely."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ne_core.errors import AtlasError


@dataclass(frozen=True)
class LogitEffects:
    """Token ids and effects of the most raised tokens, highest first, and the most lowered tokens, lowest first.

    An effect is the change of the token's logit per unit of activation through the neuron's output weights alone, minus
    the change of the mean logit; up to the scale of the final norm.
    """

    raised: list[tuple[int, float]]
    lowered: list[tuple[int, float]]


def logit_effects(columns: Mapping[str, np.ndarray], neuron: int) -> LogitEffects:
    """Read the effects of one neuron from the columns of its layer."""
    tokens, effects = columns["logit_tokens"][neuron].tolist(), columns["logit_effects"][neuron].tolist()
    pairs = (zip(*rows, strict=True) for rows in zip(tokens, effects, strict=True))
    return LogitEffects(*([(token, effect) for token, effect in row if token >= 0] for row in pairs))


def check_logits(folder: Path, columns: Mapping[str, np.ndarray], n_vocab: int) -> None:
    """Raise AtlasError unless every token exists and has a finite effect, or is −1 with NaN."""
    tokens, effects = columns["logit_tokens"], columns["logit_effects"]
    if tokens.min() < -1 or tokens.max() >= n_vocab:
        raise AtlasError(f"{folder / 'logit_tokens.npy'} points outside the atlas: build the atlas again")
    if not np.array_equal(np.isfinite(effects), tokens >= 0):
        raise AtlasError(f"{folder / 'logit_effects.npy'} holds numbers that are not finite: build the atlas again")
