"""python -m precompute evaluate DIR: how well an atlas does what it claims, a part at a time.

A part is a function from an open atlas and what is asked of it to a Report; PARTS names them.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ne_core.atlas import Atlas
from precompute.evaluate.dictionaries import evaluate_dictionaries
from precompute.evaluate.lab import evaluate_lab
from precompute.evaluate.names import evaluate_names
from precompute.evaluate.planted.evaluate import evaluate_counts, evaluate_planted
from precompute.evaluate.report import Report
from precompute.evaluate.spaces import evaluate_spaces
from precompute.evaluate.trust import evaluate_trust
from precompute.model_facts import shipped_model


@dataclass(frozen=True)
class Asked:
    """`against`: atlases to compare with. `quick`: a few of everything, for a first look. `model`: where that is."""

    against: Sequence[Atlas] = ()
    quick: bool = False
    model: str | None = None


PARTS: dict[str, Callable[[Atlas, Asked], Report]] = {
    "names": lambda atlas, asked: evaluate_names(atlas),
    "spaces": lambda atlas, asked: evaluate_spaces(atlas),
    "planted": lambda atlas, asked: evaluate_planted(atlas, asked.quick, asked.model),
    "counts": lambda atlas, asked: evaluate_counts(atlas, asked.quick),
    "surgery": lambda atlas, asked: operated(atlas, asked),
    "lab": lambda atlas, asked: evaluate_lab(atlas),
    "dictionaries": lambda atlas, asked: evaluate_dictionaries(atlas, asked.against),
    "trust": lambda atlas, asked: evaluate_trust(atlas),
}
OF_INPUTS = ("planted", "counts")


def evaluate(
    directory: Path,
    only: Sequence[str] | None = None,
    against: Sequence[Path] = (),
    quick: bool = False,
    model: str | None = None,
) -> dict[str, Report]:
    """The parts asked for, by name; unless told, those that the atlas has something for.

    Raises AtlasError for what is no atlas or lacks what a part needs, NoLabError where there is no lab.
    """
    atlas, asked = Atlas.open(directory), Asked([Atlas.open(other) for other in against], quick, model)
    return {part: PARTS[part](atlas, asked) for part in (only or fitting(atlas, asked))}


def fitting(atlas: Atlas, asked: Asked) -> list[str]:
    """Names are of words; a lab is of images; what is compared with another atlas are dictionaries.

    Surgery runs a transformer, which is named or stands in data/models/.
    """
    if asked.against:
        return ["dictionaries"]
    if atlas.manifest.images:
        return ["lab"]
    compared = ["spaces"] if atlas.manifest.compared else []
    if not atlas.manifest.inputs:
        return ["names", *compared]
    runs = not atlas.manifest.raw["model"].get("sae") and (asked.model or shipped_model(atlas))
    trusted = ["trust"] if atlas.manifest.rarefied else []
    return ["names", *compared, *OF_INPUTS, *trusted, *(["surgery"] if runs else [])]


def operated(atlas: Atlas, asked: Asked) -> Report:
    from precompute.evaluate.surgery import QUICK, Settings, evaluate_surgery  # the model library takes seconds to load

    return evaluate_surgery(atlas, asked.model, QUICK if asked.quick else Settings())


def write_json(reports: dict[str, Report], path: Path) -> None:
    """Every figure, by part and name."""
    told = {
        part: {figure.name: {"value": figure.value, "unit": figure.unit} for figure in report.figures}
        for part, report in reports.items()
    }
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
