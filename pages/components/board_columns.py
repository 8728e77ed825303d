"""The columns of the board: their names in a URL and on the screen, what they mean, how their numbers are written."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ne_core.classes import CLASSES, NAMES


@dataclass(frozen=True)
class Column:
    """A column by which the board can be sorted; `source` is its name in the atlas."""

    source: str
    title: str
    unit: str
    meaning: str
    text: Callable[[float], str]
    descending: bool = True  # the order that a first click gives


def number(digits: int) -> Callable[[float], str]:
    """A sign before zero, or a number that is none, is not for the screen."""
    return lambda value: f"{value:.{digits}f}".replace("-", "−") if np.isfinite(value) else "–"


def whole(value: float) -> str:
    return f"{int(value):,}"


def share(value: float) -> str:
    return f"{value:.0%}" if np.isfinite(value) else "–"


DISTANCE = "cosine; 0 is the same direction, 1 unrelated"
COLUMNS = {
    "neuron": Column("neuron", "Neuron", "", "Layer and neuron, both counted from 0", str, descending=False),
    "class": Column(
        "class",
        "Class",
        "",
        "How its examples fall into features; the rules are below",
        lambda i: NAMES[CLASSES[i]],
        False,
    ),
    "features": Column("n_features", "Features", "", "Features at the atlas’s default cut", whole),
    "suggested": Column("n_suggested", "Suggested", "", "Features at the cut that its own tree suggests", whole),
    "mean": Column("mean_distance", "Mean", "distance", f"Mean distance between its examples ({DISTANCE})", number(2)),
    "max": Column(
        "max_distance", "Max", "distance", f"Largest distance between two of its examples ({DISTANCE})", number(2)
    ),
    "intra": Column("intra_distance", "Intra", "distance", f"Mean distance within features ({DISTANCE})", number(2)),
    "inter": Column("inter_distance", "Inter", "distance", f"Mean distance between features ({DISTANCE})", number(2)),
    "size": Column("n_examples", "Size", "examples", "Activating examples kept", whole),
    "maximum": Column(
        "maximum", "Maximum", "activation", "The activation that the threshold was taken from", number(2)
    ),
    "share": Column("largest_share", "Largest", "share", "Share of the examples that the largest feature holds", share),
}
