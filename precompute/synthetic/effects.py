"""Logit effects of neurons: the key tokens of a neuron's concepts are raised most, others are random."""

import numpy as np
from jaxtyping import Int

from ne_core.atlas.schema import LOGITS
from precompute.synthetic.concepts import Concepts
from precompute.synthetic.corpus import NO_CONCEPT


def logit_columns(
    bank: Concepts, mixed: Int[np.ndarray, "n_neurons most"], n_vocab: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return the columns of schema.LOGIT_EFFECTS, largest effects first."""
    n = len(mixed)
    tokens = (
        rng.integers(n_vocab, size=(n, 1, 1)) + rng.permutation(n_vocab)[: 2 * LOGITS].reshape(2, LOGITS)
    ) % n_vocab
    keys = np.where(mixed == NO_CONCEPT, -1, bank.keys[mixed, 0])[:, :LOGITS]
    raised = tokens[:, 0]
    raised[:, : keys.shape[1]] = np.where(keys >= 0, keys, raised[:, : keys.shape[1]])
    effects = -np.sort(-rng.gamma(2, 0.1, size=(n, 2, LOGITS)), axis=2)
    return {"logit_tokens": tokens, "logit_effects": effects * np.array([1, -1])[:, None]}
