"""Bank of concepts: the directions of a family share a component. Each concept has its words and layers.

In layer l a concept's direction is rotated by l · TURN: cosines between layers fall with their distance.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from precompute.synthetic.settings import FAMILY, Settings
from precompute.synthetic.words import MARKS, N_COMMON

KEYS, CONTEXT = 3, 4  # key tokens of a concept; context tokens, half of them the family's
KEY_SHARES = (0.7, 0.9, 1.0)  # cumulative shares of the key tokens
SHARED = 0.25  # cosine between concepts of a family
TURN = 0.05  # radians a layer
HOMONYM = 0.15  # share of concepts whose first key token is also that of a concept of their family


@dataclass(frozen=True)
class Concepts:
    """`first` and `last` are a concept's layers; `popularity` is how often it occurs."""

    family_direction: Float[np.ndarray, "n_families d_in"]
    direction: Float[np.ndarray, "n d_in"]
    other_direction: Float[np.ndarray, "n d_in"]
    keys: Int[np.ndarray, "n n_keys"]
    context: Int[np.ndarray, "n n_context"]
    first: Int[np.ndarray, " n"]
    last: Int[np.ndarray, " n"]
    popularity: Float[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.direction)

    @property
    def family(self) -> Int[np.ndarray, " n"]:
        return np.arange(len(self)) // FAMILY

    def directions(self, layer: int) -> Float[np.ndarray, "n d_in"]:
        """Return directions in a layer, of length 1 up to noise."""
        return np.cos(TURN * layer) * self.direction + np.sin(TURN * layer) * self.other_direction

    def present(self, layer: int) -> Int[np.ndarray, " present"]:
        return np.flatnonzero((self.first <= layer) & (layer <= self.last))


def concepts(settings: Settings, rng: np.random.Generator) -> Concepts:
    n, d = settings.concepts, settings.d_in
    families, family = directions(settings.families, d, rng), np.arange(n) // FAMILY
    keys, context = words(settings, rng)
    first, last = layers(settings, rng)
    return Concepts(
        family_direction=families,
        direction=np.sqrt(SHARED) * families[family] + np.sqrt(1 - SHARED) * directions(n, d, rng),
        other_direction=np.sqrt(SHARED) * directions(settings.families, d, rng)[family]
        + np.sqrt(1 - SHARED) * directions(n, d, rng),
        keys=keys,
        context=context,
        first=first,
        last=last,
        popularity=rng.permutation((np.arange(n) + 10.0) ** -0.8),
    )


def directions(n: int, d: int, rng: np.random.Generator) -> Float[np.ndarray, "n d"]:
    """Return random directions, nearly orthogonal and of nearly length 1."""
    return rng.standard_normal((n, d), dtype=np.float32) / np.float32(np.sqrt(d))


def words(settings: Settings, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return key tokens and context tokens, each of one concept or one family, except homonyms."""
    n, half = settings.concepts, CONTEXT // 2
    tokens = len(MARKS) + N_COMMON + rng.permutation(settings.vocab - len(MARKS) - N_COMMON)
    keys, rest = tokens[: KEYS * n].reshape(n, KEYS), tokens[KEYS * n :]
    concept_context, family_context = (
        rest[: half * n].reshape(n, half),
        rest[half * n :][: half * settings.families].reshape(-1, half),
    )
    homonym = (rng.random(n) < HOMONYM) & (np.arange(n) % FAMILY > 0)
    keys[homonym, 0] = keys[np.flatnonzero(homonym) - 1, 0]
    return keys, np.concatenate([concept_context, family_context[np.arange(n) // FAMILY]], axis=1)


def layers(settings: Settings, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and last layer of each concept: a family starts in one layer and splits into its concepts later.

    One concept in six is in every layer, so that no layer is empty.
    """
    n, last_layer = settings.concepts, settings.layers - 1
    family_start = rng.integers(settings.layers, size=settings.families) * rng.random(settings.families)
    first = np.minimum(family_start[np.arange(n) // FAMILY].astype(int) + rng.integers(3, size=n), last_layer)
    last = np.minimum(first + rng.geometric(0.2, size=n), last_layer)
    first[::FAMILY], last[::FAMILY] = 0, last_layer
    return first, last
