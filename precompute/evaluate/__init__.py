"""python -m precompute evaluate DIR: how well an atlas does what it claims, a part at a time.

A part is a function from an open atlas, and those that it is compared with, to a Report; PARTS names them.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from ne_core.atlas import Atlas
from precompute.evaluate.dictionaries import evaluate_dictionaries
from precompute.evaluate.lab import evaluate_lab
from precompute.evaluate.names import evaluate_names
from precompute.evaluate.report import Report
from precompute.evaluate.trust import evaluate_trust

PARTS: dict[str, Callable[[Atlas, Sequence[Atlas]], Report]] = {
    "names": lambda atlas, against: evaluate_names(atlas),
    "lab": lambda atlas, against: evaluate_lab(atlas),
    "dictionaries": evaluate_dictionaries,
    "trust": lambda atlas, against: evaluate_trust(atlas),
}


def evaluate(directory: Path, only: Sequence[str] | None = None, against: Sequence[Path] = ()) -> dict[str, Report]:
    """The parts asked for, by name; unless told, those that the atlas has something for.

    Raises AtlasError for what is no atlas, NoLabError where a part is asked for that it has nothing for.
    """
    atlas, others = Atlas.open(directory), [Atlas.open(other) for other in against]
    return {part: PARTS[part](atlas, others) for part in (only or fitting(atlas, others))}


def fitting(atlas: Atlas, against: Sequence[Atlas]) -> list[str]:
    """Names are of words; a lab is of images; what is compared with another atlas are dictionaries.

    How far numbers of features can be trusted is told where the atlas has random directions.
    """
    if against:
        return ["dictionaries"]
    parts = ["lab"] if atlas.manifest.images else ["names"]
    return [*parts, "trust"] if atlas.manifest.rarefied and atlas.manifest.inputs else parts


def write_json(reports: dict[str, Report], path: Path) -> None:
    """Every figure, by part and name."""
    told = {
        part: {figure.name: {"value": figure.value, "unit": figure.unit} for figure in report.figures}
        for part, report in reports.items()
    }
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
