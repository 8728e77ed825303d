"""Windows around the key tokens: activations and importances, higher on the concept's own context tokens."""

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.text.windows import Window
from precompute.steps.layer_features import LayerFeatures
from precompute.synthetic.concepts import Concepts
from precompute.synthetic.corpus import NO_CONCEPT, Corpus
from precompute.synthetic.neurons import ActivatingPositions
from precompute.synthetic.settings import Settings

WINDOW = Window(back=20, forward=10)
BASELINES = ("mask-token", "mean-embedding")
KNOWN = 5  # number of most central rows of each feature with importances


def windows(
    bank: Concepts,
    texts: Corpus,
    activating: ActivatingPositions,
    concept: np.ndarray,
    activation: np.ndarray,
    rng: np.random.Generator,
) -> Float[np.ndarray, "n_rows n_window"]:
    """Return window activations: noise, more on the concept's context tokens, most on the key token; NaN outside."""
    tokens = WINDOW.slice(texts.tokens, texts.lengths, activating.example, activating.pos, -1)
    values = 0.06 * rng.standard_normal(tokens.shape, dtype=np.float32)
    values[in_context(bank, tokens, concept)] += 0.3
    values[:, WINDOW.key] = 1
    return np.where(tokens >= 0, values * activation[:, None], np.nan).astype(np.float16)


def in_context(
    bank: Concepts, tokens: Int[np.ndarray, "n length"], concept: Int[np.ndarray, " n"]
) -> Bool[np.ndarray, "n length"]:
    """Return a mask of the tokens that belong to the context of the row's concept."""
    words = np.where((concept == NO_CONCEPT)[:, None], -2, bank.context[concept])
    result = np.zeros(tokens.shape, dtype=bool)
    for word in words.T:
        result |= tokens == word[:, None]
    return result


def importances(
    settings: Settings, bank: Concepts, texts: Corpus, layer: LayerFeatures, concept: np.ndarray
) -> Float[np.ndarray, "n_rows n_baselines n_back"]:
    """Return importances of the most central rows: near 1 for the key token, high for context, low for the rest."""
    rows, rng = layer.rows, np.random.default_rng([settings.seed, 1 + layer.rows.layer, 1])
    values = np.full((rows.n_rows, len(BASELINES), WINDOW.back), np.nan, dtype=np.float32)
    known = np.flatnonzero(layer.features.rank < KNOWN)
    tokens = WINDOW.slice(texts.tokens, texts.lengths, rows.example[known], rows.pos[known], -1)[:, : WINDOW.back]
    lost = 0.04 * rng.standard_normal((len(known), len(BASELINES), WINDOW.back), dtype=np.float32)
    context = in_context(bank, tokens, concept[known])[:, None]
    lost += context * rng.uniform(0.2, 0.7, size=(len(known), 1, WINDOW.back)).astype(np.float32)
    lost[:, :, WINDOW.key] = 1 - 0.1 * np.abs(lost[:, :, WINDOW.key])
    values[known] = np.where(tokens[:, None] >= 0, lost, np.nan)
    return values
