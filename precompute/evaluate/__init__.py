"""python -m precompute evaluate DIR: how well an atlas does what it claims, a part at a time.

A part is a function from an open atlas to a Report; PARTS names them.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from ne_core.atlas import Atlas
from precompute.evaluate.lab import evaluate_lab
from precompute.evaluate.names import evaluate_names
from precompute.evaluate.report import Report

PARTS = {"names": evaluate_names, "lab": evaluate_lab}


def evaluate(directory: Path, only: Sequence[str] | None = None) -> dict[str, Report]:
    """The parts asked for, by name; unless told, those that the atlas has something for.

    Raises AtlasError for what is no atlas, NoLabError where a part is asked for that it has nothing for.
    """
    atlas = Atlas.open(directory)
    return {part: PARTS[part](atlas) for part in (only or fitting(atlas))}


def fitting(atlas: Atlas) -> list[str]:
    """Names are of words; a lab is of images."""
    return ["lab"] if atlas.manifest.images else ["names"]


def write_json(reports: dict[str, Report], path: Path) -> None:
    """Every figure, by part and name."""
    told = {
        part: {figure.name: {"value": figure.value, "unit": figure.unit} for figure in report.figures}
        for part, report in reports.items()
    }
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
