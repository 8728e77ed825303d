"""python -m precompute evaluate DIR: how well an atlas does what it claims, a part at a time.

A part is a function from an open atlas to a Report; PARTS names them.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from ne_core.atlas import Atlas
from precompute.evaluate.names import evaluate_names
from precompute.evaluate.report import Report

PARTS = {"names": evaluate_names}


def evaluate(directory: Path, only: Sequence[str] = tuple(PARTS)) -> dict[str, Report]:
    """The parts asked for, by name. Raises AtlasError for what is no atlas."""
    atlas = Atlas.open(directory)
    return {part: PARTS[part](atlas) for part in only}


def write_json(reports: dict[str, Report], path: Path) -> None:
    """Every figure, by part and name."""
    told = {
        part: {figure.name: {"value": figure.value, "unit": figure.unit} for figure in report.figures}
        for part, report in reports.items()
    }
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
