"""The view of the page Game, as a URL: the seed, the level and the question."""

from dataclasses import dataclass

from ne_core.queries.intruder import LEVELS
from pages.components.cached.intruder import game_of
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import choice, whole

SEEDS = range(1_000_000)


def questions(c: Context) -> range:
    return range(len(game_of(c.atlas, c.seed, c.level).questions))


@dataclass(frozen=True)
class View(Addressed, page="game"):
    """One question of a game; the same seed and level are the same game for everybody."""

    seed: int = whole(SEEDS, f"seeds are numbered {SEEDS[0]} to {SEEDS[-1]}", usual=0, always=True)
    level: str = choice(LEVELS, "the levels are", usual=LEVELS[0])
    question: int = whole(
        questions, "this game", "question", usual=0, none="this game has no questions: choose another level"
    )

    def game(self, **changes) -> "View":
        """Return the first question of another game."""
        return self.to(**{"question": 0} | changes)
