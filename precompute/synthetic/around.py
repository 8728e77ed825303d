"""What stands around the key tokens: activations and importances of the window, higher on the concept's own context."""

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.text.windows import Window
from precompute.steps.layer_features import LayerFeatures
from precompute.synthetic.concepts import Concepts
from precompute.synthetic.corpus import NOBODY, Corpus
from precompute.synthetic.neurons import Fired
from precompute.synthetic.settings import Settings

WINDOW = Window(back=20, forward=10)
BASELINES = ("mask-token", "mean-embedding")
KNOWN = 5  # most central rows of each feature that have importances


def windows(
    bank: Concepts, texts: Corpus, found: Fired, concept: np.ndarray, activation: np.ndarray, rng: np.random.Generator
) -> Float[np.ndarray, "n_rows n_window"]:
    """Little but on the key token; somewhat on the concept's context tokens; NaN outside the example."""
    around = WINDOW.slice(texts.tokens, texts.lengths, found.example, found.pos, -1)
    values = 0.06 * rng.standard_normal(around.shape, dtype=np.float32)
    values[in_context(bank, around, concept)] += 0.3
    values[:, WINDOW.key] = 1
    return np.where(around >= 0, values * activation[:, None], np.nan).astype(np.float16)


def in_context(
    bank: Concepts, around: Int[np.ndarray, "n length"], concept: Int[np.ndarray, " n"]
) -> Bool[np.ndarray, "n length"]:
    """Where a token of the row's concept's context stands."""
    words = np.where((concept == NOBODY)[:, None], -2, bank.context[concept])
    found = np.zeros(around.shape, dtype=bool)
    for word in words.T:
        found |= around == word[:, None]
    return found


def importances(
    settings: Settings, bank: Concepts, texts: Corpus, found: LayerFeatures, concept: np.ndarray
) -> Float[np.ndarray, "n_rows n_baselines n_back"]:
    """Of the most central rows: nearly all is lost with the key token, much with context, little with the rest."""
    rows, rng = found.rows, np.random.default_rng([settings.seed, 1 + found.rows.layer, 1])
    values = np.full((rows.n_rows, len(BASELINES), WINDOW.back), np.nan, dtype=np.float32)
    known = np.flatnonzero(found.features.rank < KNOWN)
    around = WINDOW.slice(texts.tokens, texts.lengths, rows.example[known], rows.pos[known], -1)[:, : WINDOW.back]
    lost = 0.04 * rng.standard_normal((len(known), len(BASELINES), WINDOW.back), dtype=np.float32)
    context = in_context(bank, around, concept[known])[:, None]
    lost += context * rng.uniform(0.2, 0.7, size=(len(known), 1, WINDOW.back)).astype(np.float32)
    lost[:, :, WINDOW.key] = 1 - 0.1 * np.abs(lost[:, :, WINDOW.key])
    values[known] = np.where(around[:, None] >= 0, lost, np.nan)
    return values
