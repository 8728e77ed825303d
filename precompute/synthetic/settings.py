"""Settings of a synthetic atlas; the defaults have GPT2-small's size."""

from dataclasses import dataclass, field, fields
from typing import Any

from precompute.config import ConfigError

FAMILY = 6  # concepts that share a direction


def choice(default: int, least: int, most: int, help: str) -> Any:
    """Declare a whole number that the command line offers as an option of the same name."""
    return field(default=default, metadata={"least": least, "most": most, "help": help})


@dataclass(frozen=True)
class Settings:
    """Checked settings: a number out of range raises ConfigError in one line."""

    layers: int = choice(12, 1, 999, "layers")
    neurons: int = choice(3072, 2, 2**20, "neurons of a layer")
    rows: int = choice(1_000_000, 1, 2**30, "activating examples of all neurons together, about")
    d_in: int = choice(768, 256, 2**14, "input width, at least 256 so that concepts stay distinct")
    examples: int = choice(10_000, 100, 2**24, "dataset examples")
    context: int = choice(256, 16, 2**14, "tokens of an example")
    vocab: int = choice(50_000, 2_000, 2**20, "tokens of the vocabulary")
    concepts: int = choice(2_400, 24, 2**18, "planted concepts, in families of six")
    seed: int = choice(0, 0, 2**31, "seed of everything random")

    def __post_init__(self):
        for setting in fields(self):
            value, least, most = getattr(self, setting.name), setting.metadata["least"], setting.metadata["most"]
            if not least <= value <= most:
                raise ConfigError(f"{option(setting.name)}: {value} is not between {least} and {most}")
        if self.concepts % FAMILY:
            raise ConfigError(f"concepts: {self.concepts} is not a multiple of {FAMILY}")
        if self.vocab < MOST_WORDS * self.concepts:
            raise ConfigError(f"vocab: {self.concepts} concepts need {MOST_WORDS * self.concepts} tokens or more")

    @property
    def families(self) -> int:
        return self.concepts // FAMILY


MOST_WORDS = 10  # least vocabulary for each concept: key tokens, context tokens and others


def option(name: str) -> str:
    return name.replace("_", "-")
