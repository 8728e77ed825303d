"""Games of the intruder game, one for each seed and level."""

from ne_core.atlas import Atlas
from ne_core.queries import intruder
from pages.components.cached.per_atlas import per_atlas


@per_atlas(entries=64)
def game_of(atlas: Atlas, seed: int, level: str) -> intruder.Game:
    return intruder.game(atlas, seed, level)
