"""python -m precompute evaluate DIR: how well an atlas does what it claims, a part at a time.

A part is a function from an open atlas, and those that it is compared with, to a Report; PARTS names them.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from ne_core.atlas import Atlas
from precompute.evaluate.dictionaries import evaluate_dictionaries
from precompute.evaluate.names import evaluate_names
from precompute.evaluate.report import Report

PARTS: dict[str, Callable[[Atlas, Sequence[Atlas]], Report]] = {
    "names": lambda atlas, against: evaluate_names(atlas),
    "dictionaries": evaluate_dictionaries,
}


def evaluate(directory: Path, only: Sequence[str] = ("names",), against: Sequence[Path] = ()) -> dict[str, Report]:
    """The parts asked for, by name. Raises AtlasError for what is no atlas."""
    atlas, others = Atlas.open(directory), [Atlas.open(other) for other in against]
    return {part: PARTS[part](atlas, others) for part in only}


def write_json(reports: dict[str, Report], path: Path) -> None:
    """Every figure, by part and name."""
    told = {
        part: {figure.name: {"value": figure.value, "unit": figure.unit} for figure in report.figures}
        for part, report in reports.items()
    }
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
