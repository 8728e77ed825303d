"""Near duplicates among activating examples, of which a build with `--near-duplicates drop` stores the first only.

They are those that the pages fold: ne_core/queries/duplicates.py.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Int

from ne_core.queries.duplicates import endings_at
from precompute.config import RunConfig
from precompute.steps.layer_features import Texts

BLOCK = 2**16  # positions whose texts are in memory at once
Endings = Callable[[Int[np.ndarray, " n"], Int[np.ndarray, " n"]], Int[np.ndarray, " n"]]


def endings_of(config: RunConfig, texts: Texts) -> Endings | None:
    """Return a function that numbers the endings at some (example, position); None where duplicates are kept."""
    if config.near_duplicates == "keep":
        return None
    return lambda example, pos: ending_numbers(texts, example, pos)


def ending_numbers(texts: Texts, example: Int[np.ndarray, " n"], pos: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Number the endings at each (example, position): the same number for the same text. Each place is read once."""
    keys, place = np.unique(np.int64(example) * texts.tokens.shape[1] + pos, return_inverse=True)
    numbers, of_text = np.empty(len(keys), dtype=np.int64), {}
    for start in range(0, len(keys), BLOCK):
        places = np.divmod(keys[start : start + BLOCK], texts.tokens.shape[1])
        read = endings_at(texts.tokens, texts.lengths, texts.vocab, *places)
        numbers[start : start + BLOCK] = [of_text.setdefault(text, len(of_text)) for text in read]
    return numbers[place]


def first_of_each(group: Int[np.ndarray, " n"], ending: Int[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Mask of the first row with each ending in its group."""
    pairs = np.stack([np.asarray(group, dtype=np.int64), ending], axis=1)
    mask = np.zeros(len(pairs), dtype=bool)
    mask[np.unique(pairs, axis=0, return_index=True)[1]] = True
    return mask
