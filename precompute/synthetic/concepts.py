"""The bank of concepts: those of a family have a direction in common. Each has its words and layers.

In layer l a concept's direction has turned by l · TURN from its first: cosines between layers fall with their distance.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from precompute.synthetic.settings import FAMILY, Settings
from precompute.synthetic.words import MARKS, N_COMMON

KEYS, CONTEXT = 3, 4  # key tokens of a concept; tokens before it, half of them the family's
KEY_SHARES = (0.7, 0.9, 1.0)  # how often each key token is the one, added up
SHARED = 0.25  # cosine between concepts of a family
TURN = 0.05  # radians a layer
HOMONYM = 0.15  # share of concepts whose first key token is also that of a concept of their family


@dataclass(frozen=True)
class Concepts:
    """`first` and `last` are the layers that a concept is found in; `popularity` how often it turns up."""

    family_direction: Float[np.ndarray, "n_families d_in"]
    direction: Float[np.ndarray, "n d_in"]
    turned: Float[np.ndarray, "n d_in"]
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
        """Of length 1, but for chance."""
        return np.cos(TURN * layer) * self.direction + np.sin(TURN * layer) * self.turned

    def living(self, layer: int) -> Int[np.ndarray, " living"]:
        return np.flatnonzero((self.first <= layer) & (layer <= self.last))


def concepts(settings: Settings, rng: np.random.Generator) -> Concepts:
    n, d = settings.concepts, settings.d_in
    families, family = directions(settings.families, d, rng), np.arange(n) // FAMILY
    keys, context = words(settings, rng)
    first, last = layers(settings, rng)
    return Concepts(
        family_direction=families,
        direction=np.sqrt(SHARED) * families[family] + np.sqrt(1 - SHARED) * directions(n, d, rng),
        turned=np.sqrt(SHARED) * directions(settings.families, d, rng)[family]
        + np.sqrt(1 - SHARED) * directions(n, d, rng),
        keys=keys,
        context=context,
        first=first,
        last=last,
        popularity=rng.permutation((np.arange(n) + 10.0) ** -0.8),
    )


def directions(n: int, d: int, rng: np.random.Generator) -> Float[np.ndarray, "n d"]:
    """Random ones, nearly at right angles to each other and of nearly length 1."""
    return rng.standard_normal((n, d), dtype=np.float32) / np.float32(np.sqrt(d))


def words(settings: Settings, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Key tokens and context tokens, each of one concept or one family but for the homonyms."""
    n, half = settings.concepts, CONTEXT // 2
    own = len(MARKS) + N_COMMON + rng.permutation(settings.vocab - len(MARKS) - N_COMMON)
    keys, rest = own[: KEYS * n].reshape(n, KEYS), own[KEYS * n :]
    mine, families = rest[: half * n].reshape(n, half), rest[half * n :][: half * settings.families].reshape(-1, half)
    homonym = (rng.random(n) < HOMONYM) & (np.arange(n) % FAMILY > 0)
    keys[homonym, 0] = keys[np.flatnonzero(homonym) - 1, 0]
    return keys, np.concatenate([mine, families[np.arange(n) // FAMILY]], axis=1)


def layers(settings: Settings, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The first and last layer of each concept: a family appears in one, and falls into its concepts from there on.

    One concept in six lives everywhere, so that no layer is empty.
    """
    n, deepest = settings.concepts, settings.layers - 1
    appears = rng.integers(settings.layers, size=settings.families) * rng.random(settings.families)
    first = np.minimum(appears[np.arange(n) // FAMILY].astype(int) + rng.integers(3, size=n), deepest)
    last = np.minimum(first + rng.geometric(0.2, size=n), deepest)
    first[::FAMILY], last[::FAMILY] = 0, deepest
    return first, last
