"""python -m precompute evaluate DIR: how well an atlas does what it claims, a part at a time.

A part is a function from an open atlas, and what it is given beside it, to a Report; PARTS names them.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ne_core.atlas import Atlas
from precompute.evaluate.dictionaries import evaluate_dictionaries
from precompute.evaluate.lab import evaluate_lab
from precompute.evaluate.names import evaluate_names
from precompute.evaluate.report import Report


@dataclass(frozen=True)
class Beside:
    """What parts may be given besides the atlas: those that it is compared with, and where its model is."""

    atlases: Sequence[Atlas] = ()
    model: str | None = None


PARTS: dict[str, Callable[[Atlas, Beside], Report]] = {
    "names": lambda atlas, beside: evaluate_names(atlas),
    "lab": lambda atlas, beside: evaluate_lab(atlas),
    "dictionaries": lambda atlas, beside: evaluate_dictionaries(atlas, beside.atlases),
    "surgery": lambda atlas, beside: operated(atlas, beside.model),
}


def evaluate(
    directory: Path, only: Sequence[str] | None = None, against: Sequence[Path] = (), model: str | None = None
) -> dict[str, Report]:
    """The parts asked for, by name; unless told, those that the atlas has something for.

    Raises AtlasError for what is no atlas, NoLabError where a part is asked for that it has nothing for.
    """
    atlas, beside = Atlas.open(directory), Beside([Atlas.open(other) for other in against], model)
    return {part: PARTS[part](atlas, beside) for part in (only or fitting(atlas, beside.atlases))}


def operated(atlas: Atlas, model: str | None) -> Report:
    from precompute.evaluate.surgery import evaluate_surgery  # the model library takes seconds to load

    return evaluate_surgery(atlas, model)


def fitting(atlas: Atlas, against: Sequence[Atlas]) -> list[str]:
    """Names are of words; a lab is of images; what is compared with another atlas are dictionaries."""
    if against:
        return ["dictionaries"]
    return ["lab"] if atlas.manifest.images else ["names"]


def write_json(reports: dict[str, Report], path: Path) -> None:
    """Every figure, by part and name."""
    told = {
        part: {figure.name: {"value": figure.value, "unit": figure.unit} for figure in report.figures}
        for part, report in reports.items()
    }
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
