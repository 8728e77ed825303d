"""Check a lab against its schema. It may come from a stranger, like the atlas around it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ne_core.atlas.checks.manifest import LEVELS, brief, good_cut, nested, whole
from ne_core.atlas.checks.tables import in_range, within
from ne_core.atlas.data import AtlasData
from ne_core.atlas.lab import Lab
from ne_core.atlas.lab_schema import FACTS, FOLDER, LAB, LAB_ARRAYS, LAB_VERSION, MEASURES, TABLE
from ne_core.errors import AtlasError

AGAIN = "build the lab again"
MOST_RUNS, MOST_LATENTS = 1024, 2**14  # maximum that a page can show
MOST_WORK = 2**30  # maximum of pixels × hidden neurons², the operations of an activation map
LARGEST = 65504.0  # maximum weight, of float16: products of two are within float32
MOST_TEXT = 500


def check_listed(atlas: AtlasData) -> None:
    """Raise AtlasError unless the manifest lists every file of the lab and the examples are images."""
    for name in (TABLE, *(spec.file for spec in LAB_ARRAYS)):
        if f"{FOLDER}/{name}" not in atlas.manifest.files:
            raise AtlasError(f"{atlas.root / 'manifest.json'} does not list {FOLDER}/{name}: {AGAIN}")
    if atlas.images is None:
        raise AtlasError(f"{atlas.root / FOLDER} is a lab in an atlas of texts: a lab needs an atlas of images")


def check_facts(path: Path, facts: object) -> None:
    """Raise AtlasError for wrong fields that computations use; other fields are only shown."""
    version = facts.get("lab_version") if isinstance(facts, dict) else None
    if version != LAB_VERSION or not whole(version):
        raise AtlasError(f"{path} has lab version {brief(version)}; this explorer reads version {LAB_VERSION}: {AGAIN}")
    missing = sorted(set(LAB) - set(facts))
    if missing:
        raise AtlasError(f"{path} lacks {', '.join(missing)}: {AGAIN}")
    for field, good in TESTS.items():
        if not good(facts[field]):
            raise AtlasError(f"{path}: {field} is {brief(facts[field])}, not {LAB[field]}: {AGAIN}")
    if nested([facts], LEVELS):
        raise AtlasError(f"{path} is nested too deep: {AGAIN}")


def text(value: object) -> bool:
    """Return whether the value is a text of a length that can be shown."""
    return isinstance(value, str) and 0 < len(value) <= MOST_TEXT


def number(value: object) -> bool:
    """Return whether the value is a finite number of ordinary size."""
    return type(value) in (int, float) and abs(value) < 1e12  # False for NaN


def good_measures(values: object) -> bool:
    """Return whether there is a number for every measure."""
    return isinstance(values, dict) and all(number(values.get(column.name)) for column in MEASURES)


def good_classes(classes: object) -> bool:
    """Return whether there are 2 to 100 names of classes."""
    return isinstance(classes, list) and 2 <= len(classes) <= 100 and all(map(text, classes))


def good_shown_runs(runs: object) -> bool:
    """Return whether a run of each kind is named to be shown first."""
    return isinstance(runs, dict) and set(runs) == {"standard", "ne"} and all(map(whole, runs.values()))


def good_meanings(meanings: object) -> bool:
    """Return whether every measure has its explanation."""
    named = isinstance(meanings, dict) and all(column.name in meanings for column in MEASURES)
    return named and all(map(text, meanings.values()))


TESTS: dict[str, Callable[[object], bool]] = {
    "neurons_atlas": text,
    "pixel_max": lambda most: whole(most, 1, 255),
    "n_train": whole,
    "classes": good_classes,
    "cut": good_cut,
    "max_examples": lambda most: whole(most, 1, 2**15 - 1),
    "data": lambda data: isinstance(data, dict),
    "mlp": lambda mlp: isinstance(mlp, dict),
    "settings": lambda settings: isinstance(settings, dict),
    "shown": good_shown_runs,
    "identity": good_measures,
    "measures": good_meanings,
}


def check_arrays(folder: Path, lab: Lab, arrays: dict[str, np.ndarray]) -> None:
    """Raise AtlasError unless numbers are in range and indices refer to existing items."""
    n_images, n_runs = len(lab.images), len(lab.weights["b_enc"])
    if not 0 <= lab.facts["n_train"] < n_images:
        raise AtlasError(f"{folder / FACTS}: n_train leaves no test image of {n_images}: {AGAIN}")
    if lab.images.max(initial=0) > lab.facts["pixel_max"]:
        raise AtlasError(f"{folder / FACTS}: pixel_max is less than a pixel of the images: {AGAIN}")
    check_size(folder, lab)
    in_range(folder / "labels.npy", lab.labels, len(lab.classes))
    for name in sorted(set(arrays) - {"labels"}):
        within(folder / f"{name}.npy", arrays[name], -LARGEST, LARGEST)
    check_runs(folder / TABLE, lab, n_runs)


def check_size(folder: Path, lab: Lab) -> None:
    """Raise AtlasError for a lab too large for its pages, which compute some figures on demand."""
    d_pixels, d_hidden = lab.mlp.W_in.shape
    if not 0 < d_pixels * d_hidden**2 <= MOST_WORK:
        raise AtlasError(f"{folder} has {d_pixels} pixels and {d_hidden} hidden neurons, too many for a page: {AGAIN}")
    if lab.d_sae > MOST_LATENTS or len(lab.weights["b_enc"]) > MOST_RUNS:
        limit = f"{MOST_RUNS} runs of {MOST_LATENTS} latents"
        raise AtlasError(f"{folder} has more than {limit}, the maximum that a page can show: build a smaller lab")


def check_runs(path: Path, lab: Lab, n_runs: int) -> None:
    """Raise AtlasError unless there is a row per run, in order, and the shown run of each kind is of that kind."""
    if not n_runs or not lab.d_sae or not np.array_equal(lab.runs["run"], np.arange(n_runs)):
        raise AtlasError(f"{path} does not list the {n_runs} runs with weights in order: {AGAIN}")
    for name in sorted(set(lab.runs) - {"run", "seed"}):
        within(path, lab.runs[name], 0.0 if name.startswith("lambda") else -1e12, 1e12)
    for kind, run in lab.shown_runs.items():
        if not run < n_runs or lab.kind(run) != kind:
            raise AtlasError(f"{path.parent / FACTS}: shown lists run {run} as {kind}, which it is not: {AGAIN}")
