"""python -m precompute evaluate DIR: how well an atlas does what it claims, a part at a time.

A part is a function from an open atlas and what is asked of it to a Report; PARTS names them. A part that cannot be
measured is Failed, the others stand, and the command ends with exit code 2 once they are printed and written.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ne_core.atlas import Atlas
from ne_core.sharing.atomic_write import write_output
from precompute.errors import lacking, one_line, ran_out
from precompute.evaluate.dictionaries import evaluate_dictionaries
from precompute.evaluate.lab import evaluate_lab
from precompute.evaluate.names import evaluate_names
from precompute.evaluate.planted.evaluate import evaluate_counts, evaluate_planted
from precompute.evaluate.spaces import evaluate_spaces
from precompute.evaluate.trust import evaluate_trust
from precompute.models.model_facts import shipped_model
from precompute.report import Failed, Report


@dataclass(frozen=True)
class Asked:
    """`against`: folders of atlases to compare with. `quick`: a few of everything. `model`: where that is."""

    against: Sequence[Path] = ()
    quick: bool = False
    model: str | None = None


PARTS: dict[str, Callable[[Atlas, Asked], Report]] = {
    "names": lambda atlas, asked: evaluate_names(atlas),
    "spaces": lambda atlas, asked: evaluate_spaces(atlas),
    "planted": lambda atlas, asked: evaluate_planted(atlas, asked.quick, asked.model),
    "counts": lambda atlas, asked: evaluate_counts(atlas, asked.quick),
    "surgery": lambda atlas, asked: operated(atlas, asked),
    "lab": lambda atlas, asked: evaluate_lab(atlas),
    "dictionaries": lambda atlas, asked: compared(atlas, asked),
    "trust": lambda atlas, asked: evaluate_trust(atlas),
}
OF_INPUTS = ("planted", "counts")


def evaluate(
    directory: Path,
    only: Sequence[str] | None = None,
    against: Sequence[Path] = (),
    quick: bool = False,
    model: str | None = None,
) -> Iterator[tuple[str, Report | Failed]]:
    """The parts asked for, by name, each once it is measured; by default those that the atlas has something for.

    Raises AtlasError for what is no atlas. What a part alone lacks is said of that part.
    """
    atlas, asked = Atlas.open(directory), Asked(against, quick, model)
    for part in dict.fromkeys(only or fitting(atlas, asked)):
        yield part, measured(part, atlas, asked)


def measured(part: str, atlas: Atlas, asked: Asked) -> Report | Failed:
    try:
        return PARTS[part](atlas, asked)
    except ModuleNotFoundError as error:
        return Failed(lacking(error))
    except (ValueError, OSError) as error:
        return Failed(one_line(error))
    except (MemoryError, RuntimeError) as error:
        if not ran_out(error):
            raise
        return Failed("not enough memory")


def compared(atlas: Atlas, asked: Asked) -> Report:
    return evaluate_dictionaries(atlas, [Atlas.open(other) for other in asked.against])


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
    runs = not atlas.manifest.model.sae and (asked.model or shipped_model(atlas))
    trusted = ["trust"] if atlas.manifest.rarefied else []
    return ["names", *compared, *OF_INPUTS, *trusted, *(["surgery"] if runs else [])]


def operated(atlas: Atlas, asked: Asked) -> Report:
    from precompute.evaluate.surgery import QUICK, Settings, evaluate_surgery  # the model library takes seconds to load

    return evaluate_surgery(atlas, asked.model, QUICK if asked.quick else Settings())


def write_json(reports: Mapping[str, Report | Failed], path: Path) -> None:
    """Every figure, by part and name; under `failed`, where any did, why a part has none."""
    figures = {
        part: {figure.name: {"value": figure.value, "unit": figure.unit} for figure in report.figures}
        for part, report in reports.items()
        if isinstance(report, Report)
    }
    failed = {part: str(report) for part, report in reports.items() if isinstance(report, Failed)}
    text = json.dumps(figures | ({"failed": failed} if failed else {}), indent=1)
    write_output(path, f"{text}\n".encode())
