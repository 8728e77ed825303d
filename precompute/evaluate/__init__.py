"""python -m precompute evaluate DIR: evaluate an atlas, one part at a time.

A part is a function of an open atlas, the options and a progress callback to a Report; PARTS names them. A part that
fails is reported as Failed, and the others go on; the command then ends with exit code 2.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ne_core.atlas import Atlas
from ne_core.sharing.atomic_write import write_output
from precompute.errors import is_out_of_memory, missing_package_message, one_line
from precompute.evaluate.cut.evaluate import evaluate_cut
from precompute.evaluate.dictionaries import evaluate_dictionaries
from precompute.evaluate.duplicates import evaluate_duplicates
from precompute.evaluate.lab import evaluate_lab
from precompute.evaluate.labels.evaluate import evaluate_labels
from precompute.evaluate.layers.report import evaluate_layers
from precompute.evaluate.names import evaluate_names
from precompute.evaluate.planted.evaluate import evaluate_counts, evaluate_planted
from precompute.evaluate.spaces import evaluate_spaces
from precompute.evaluate.trust import evaluate_trust
from precompute.models.model_facts import shipped_model
from precompute.report import Failed, Report
from precompute.run.progress import OnProgress, Progress


@dataclass(frozen=True)
class Options:
    """Options of all parts. `against`: atlases to compare with. `quick`: small samples. `model`: folder or hub name."""

    against: Sequence[Path] = ()
    quick: bool = False
    model: str | None = None


PARTS: dict[str, Callable[[Atlas, Options, OnProgress], Report]] = {
    "names": lambda atlas, _, on_progress: evaluate_names(atlas, on_progress),
    "spaces": lambda atlas, *_: evaluate_spaces(atlas),
    "layers": lambda atlas, _, on_progress: evaluate_layers(atlas, on_progress),
    "labels": lambda atlas, _, on_progress: evaluate_labels(atlas, on_progress),
    "duplicates": lambda atlas, _, on_progress: evaluate_duplicates(atlas, on_progress),
    "planted": lambda atlas, options, on_progress: evaluate_planted(atlas, options.quick, options.model, on_progress),
    "counts": lambda atlas, options, on_progress: evaluate_counts(atlas, options.quick, on_progress),
    "cut": lambda atlas, options, on_progress: evaluate_cut(atlas, options.quick, on_progress),
    "surgery": lambda atlas, options, on_progress: run_surgery(atlas, options, on_progress),
    "logits": lambda atlas, options, on_progress: run_logits(atlas, options, on_progress),
    "prompt": lambda atlas, options, on_progress: run_prompt(atlas, options, on_progress),
    "lab": lambda atlas, *_: evaluate_lab(atlas),
    "dictionaries": lambda atlas, options, on_progress: run_dictionaries(atlas, options, on_progress),
    "trust": lambda atlas, _, on_progress: evaluate_trust(atlas, on_progress),
    "chance": lambda atlas, options, on_progress: run_chance(atlas, options, on_progress),
}
PROGRESS_UNITS = {  # units of progress of a part; the other parts take seconds
    **dict.fromkeys(("names", "labels", "duplicates", "trust", "dictionaries"), "layers"),
    **{"surgery": "neurons", "logits": "neurons", "prompt": "examples", "chance": "passes and layers"},
    "layers": "spaces",
    **{"planted": "layers of plantings", "counts": "layers of plantings", "cut": "layers"},
}
NEEDS_INPUTS = ("planted", "counts", "cut")


def evaluate(
    directory: Path,
    only: Sequence[str] | None = None,
    against: Sequence[Path] = (),
    quick: bool = False,
    model: str | None = None,
) -> Iterator[tuple[str, Report | Failed]]:
    """Yield the requested parts by name, each as soon as it is measured; by default all parts that apply to the atlas.

    Progress goes to stderr. Raises AtlasError for an invalid atlas; an error of one part becomes its Failed result.
    """
    atlas, options = Atlas.open(directory), Options(against, quick, model)
    parts = dict.fromkeys(only or applicable_parts(atlas, options))
    progress = Progress(len(parts))
    for part in parts:
        yield part, measure(part, atlas, options, progress)


def measure(part: str, atlas: Atlas, options: Options, progress: Progress) -> Report | Failed:
    """Measure one part; an expected error becomes Failed."""
    try:
        with progress.stage(part, PROGRESS_UNITS.get(part, "")) as on_progress:
            return PARTS[part](atlas, options, on_progress)
    except ModuleNotFoundError as error:
        return Failed(missing_package_message(error))
    except (ValueError, OSError) as error:
        return Failed(one_line(error))
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        return Failed("not enough memory")


def run_dictionaries(atlas: Atlas, options: Options, on_progress: OnProgress) -> Report:
    return evaluate_dictionaries(atlas, [Atlas.open(other) for other in options.against], on_progress)


def applicable_parts(atlas: Atlas, options: Options) -> list[str]:
    """Parts that apply to an atlas: names need texts, the lab needs images, dictionaries need an atlas to compare with.

    Surgery, logits and prompt run a transformer, given as an option or shipped in data/models/.
    """
    if options.against:
        return ["dictionaries"]
    if atlas.manifest.images:
        return ["lab"]
    spaces = ["spaces"] if atlas.manifest.compared else []
    if not atlas.manifest.inputs:
        return ["names", *spaces]
    layers = ["layers"] if len(set(atlas.manifest.d_in)) == 1 < len(atlas.layers) else []
    has_model = not atlas.manifest.model.sae and (options.model or shipped_model(atlas))
    trust = ["trust", "chance"] if atlas.manifest.rarefied else []
    labels = ["labels"] if atlas.documents is not None and len(atlas.documents.groups) > 1 else []
    effects = ["logits"] if any(atlas.files[layer].logits for layer in atlas.layers) else []
    with_model = ["surgery", *effects, "prompt"] if has_model else []
    return ["names", *spaces, *layers, *labels, *NEEDS_INPUTS, *trust, *with_model]


def run_chance(atlas: Atlas, options: Options, on_progress: OnProgress) -> Report:
    from precompute.evaluate.chance import evaluate_chance  # the model library takes seconds to load

    return evaluate_chance(atlas, options.quick, options.model, on_progress)


def run_surgery(atlas: Atlas, options: Options, on_progress: OnProgress) -> Report:
    from precompute.evaluate.surgery import QUICK, Settings, evaluate_surgery  # the model library takes seconds to load

    return evaluate_surgery(atlas, options.model, QUICK if options.quick else Settings(), on_progress)


def run_logits(atlas: Atlas, options: Options, on_progress: OnProgress) -> Report:
    from precompute.evaluate.logits import QUICK, Sizes, evaluate_logits  # the model library takes seconds

    return evaluate_logits(atlas, options.model, QUICK if options.quick else Sizes(), on_progress)


def run_prompt(atlas: Atlas, options: Options, on_progress: OnProgress) -> Report:
    from precompute.evaluate.assigned.evaluate import QUICK, Sizes, evaluate_prompt  # the model library takes seconds

    return evaluate_prompt(atlas, options.model, QUICK if options.quick else Sizes(), on_progress)


def write_json(reports: Mapping[str, Report | Failed], path: Path) -> None:
    """Write every figure by part and name; under `failed`, the messages of the failed parts."""
    figures = {
        part: {figure.name: {"value": figure.value, "unit": figure.unit} for figure in report.figures}
        for part, report in reports.items()
        if isinstance(report, Report)
    }
    failed = {part: str(report) for part, report in reports.items() if isinstance(report, Failed)}
    text = json.dumps(figures | ({"failed": failed} if failed else {}), indent=1)
    write_output(path, f"{text}\n".encode())
