"""The columns of the ranking: names in the URL and on the screen, explanations, and formats of numbers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ne_core.atlas.manifest import Manifest
from ne_core.method.classes import CLASSES, NAMES
from ne_core.method.trees.clear_cut import SHARES
from ne_core.numbers import fixed


@dataclass(frozen=True)
class Column:
    """A column by which the ranking can be sorted; `source` is its name in the atlas."""

    source: str
    title: str
    unit: str
    meaning: str
    text: Callable[[float], str]
    descending: bool = True  # the order that a first click gives
    ends: tuple[str, str] | None = None  # columns with the ends of its 95 % intervals


def number(digits: int) -> Callable[[float], str]:
    """Make a formatter of numbers, without negative zero or NaN."""
    return lambda value: fixed(value, digits)


def whole(value: float) -> str:
    return f"{int(value):,}"


def some(value: float) -> str:
    return whole(value) if value else "–"


def share(value: float) -> str:
    return f"{value:.0%}" if np.isfinite(value) else "–"


DISTANCE = "cosine; 0 is the same direction, 1 unrelated"
ALL = Column("n_features", "Features", "", "Features at the atlas’s default cut", whole)
COLUMNS = {
    "neuron": Column("neuron", "Neuron", "", "Layer and neuron, both counted from 0", str, descending=False),
    "class": Column(
        "class",
        "Class",
        "",
        "How its examples divide into features; the rules are below the table",
        lambda i: NAMES[CLASSES[i]],
        False,
    ),
    "features": replace(ALL, source="features"),
    "all": ALL,
    "suggested": Column(
        "n_suggested", "Suggested", "", "Features at the clear cut of its tree; – if there is none", some
    ),
    "mean": Column("mean_distance", "Mean", "distance", f"Mean distance between its examples ({DISTANCE})", number(2)),
    "max": Column(
        "max_distance", "Max", "distance", f"Largest distance between two of its examples ({DISTANCE})", number(2)
    ),
    "intra": Column("intra_distance", "Intra", "distance", f"Mean distance within features ({DISTANCE})", number(2)),
    "inter": Column("inter_distance", "Inter", "distance", f"Mean distance between features ({DISTANCE})", number(2)),
    "size": Column("n_examples", "Size", "examples", "Number of activating examples", whole),
    "maximum": Column(
        "maximum", "Maximum", "activation", "The activation from which the threshold was derived", number(2)
    ),
    "share": Column("largest_share", "Largest", "share", "Share of the examples in the largest feature", share),
}
ONLY_COMPARED = ("all",)  # columns of atlases that count features at equal numbers of examples, too


def columns(manifest: Manifest) -> dict[str, Column]:
    """Columns of an atlas. Neurons are compared at an equal number of examples each."""
    facts, words = manifest.rarefied, manifest.vocabulary
    meaning = f"Layer and {words.unit}, both counted from 0"
    known = COLUMNS if suggests(manifest) else {name: each for name, each in COLUMNS.items() if name != "suggested"}
    named = known | {"neuron": replace(COLUMNS["neuron"], title=words.Unit, meaning=meaning)}
    if facts is None:
        return {name: column for name, column in named.items() if name not in ONLY_COMPARED}
    n = facts.examples
    at_n = f"at {n} examples"
    meaning = (
        f"Mean number of features, at the atlas’s cut, over {facts.sets} random sets of {n} of the {words.unit}’s "
        f"examples, with its 95 % interval; {n} for every {words.unit}, because more examples make more features"
    )
    in_all = f"Features of all its examples, whose number differs between {words.units}"
    return named | {
        "features": replace(COLUMNS["features"], unit=at_n, meaning=meaning, text=number(1), ends=ENDS),
        "all": replace(ALL, unit="in all", meaning=in_all),
    }


def suggests(manifest: Manifest) -> bool:
    """True if the atlas stores numbers of features at clear cuts; older atlases store those of another rule."""
    return bool(manifest.clear_cuts) and manifest.embedding in SHARES


ENDS = ("rarefied_low", "rarefied_high")


def counted_at(manifest: Manifest) -> str:
    """Phrase about the examples at which features are counted when neurons are compared."""
    units = manifest.vocabulary.units
    if manifest.rarefied is None:
        return f"of all its examples, whose number differs between {units}"
    return f"at {manifest.rarefied.examples} examples, for {units} with at least as many"
