"""The arrays of an atlas, cast to the schema's dtypes and written block by block: none is ever in memory twice."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ne_core.atlas.inputs import places
from ne_core.atlas.paths import inputs_file, layer_folder
from ne_core.atlas.schema import EXAMPLES, IMAGES, INPUTS, LAYER, Array
from ne_core.half import LARGEST, n_at_end
from ne_core.method.statistics import triangle
from ne_core.sharing.atomic_write import WriteError
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.layer_features import Features, Texts
from precompute.steps.sample import LayerStatistics

BLOCK = 2**22  # numbers cast together
Clipped = dict[str, int]  # by file, how many numbers stand at the end of half precision; those with none are left out


def write_examples(folder: Path, texts: Texts) -> None:
    for spec, values in zip(EXAMPLES, (texts.tokens, texts.lengths), strict=True):
        save(folder, spec, values)
    if texts.images is not None:
        save(folder, IMAGES, texts.images)
    (folder / "vocab.json").write_text(json.dumps(texts.vocab), encoding="utf-8")


def write_layer(
    folder: Path,
    rows: ActivatingExamples,
    features: Features,
    statistics: LayerStatistics,
    importances: Float[np.ndarray, "n_rows n_baselines n_back"],
) -> Clipped:
    """One layer's columns. Raises WriteError where the schema's dtypes cannot say what they hold."""
    columns = {
        "offsets": rows.offsets,
        "example": rows.example,
        "pos": rows.pos,
        "activation": rows.activation,
        "feature": features.feature,
        "center_distance": features.center_distance,
        "window_activations": rows.window_activations,
        "window_importances": importances,
        "trees": features.trees,
        "merge_central": features.merge_central,
        "W_in": rows.weights.W_in,
        "b_in": rows.weights.b_in,
        "input_mean": statistics.input_mean,
        "input_covariance": triangle(statistics.input_covariance),
        "histogram": statistics.histogram,
        "histogram_range": statistics.histogram_range,
    }
    return write_columns(folder, rows.layer, LAYER, columns)


def write_columns(folder: Path, layer: int, specs: Sequence[Array], columns: Mapping[str, np.ndarray]) -> Clipped:
    """Some of one layer's columns, by the names of their files."""
    ends: Clipped = {}
    for spec in specs:
        inside = replace(spec, file=f"{layer_folder(layer)}/{spec.file}")
        ends |= save(folder, inside, columns[spec.file.removesuffix(".npy")])
    return ends


def write_inputs(folder: Path, rows: ActivatingExamples) -> Clipped:
    """One layer's x, which must stand by (example, position), each of them once: a reader counts on it."""
    place, n_kept = places(rows.example, rows.pos)
    if len(rows.x) != n_kept or not np.array_equal(place, rows.x_row):
        raise WriteError(f"layer {rows.layer}: its inputs do not stand by example and position, each of them once")
    return save(folder, replace(INPUTS, file=inputs_file(rows.layer)), rows.x)


def save(folder: Path, spec: Array, values: np.ndarray) -> Clipped:
    """One array as `spec` says. Raises WriteError when numbers do not fit."""
    path, n = folder / spec.file, 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        head = {"descr": np.dtype(spec.dtype).str, "fortran_order": False, "shape": values.shape}
        np.lib.format.write_array_header_1_0(file, head)
        for block in blocks(values):
            stored = cast(spec, block)
            n += n_at_end(stored) if spec.clipped else 0
            file.write(stored.tobytes())  # not `tofile`, which cannot say that a disk is full
    return {spec.file: n} if n else {}


def blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    """Some rows at a time, so that a memory map is never read whole."""
    step = max(1, BLOCK // max(1, math.prod(values.shape[1:])))
    for start in range(0, len(values), step):
        yield values[start : start + step]


def cast(spec: Array, values: np.ndarray) -> np.ndarray:
    """The same numbers in the schema's dtype, gaps where it allows them, those beyond its ends at them where it does.

    What a model computed as infinite is beyond an end of what has gaps; elsewhere it is refused, as NaN is.
    """
    if spec.clipped and (spec.gaps or np.isfinite(values).all()):
        values = np.clip(values, -LARGEST, LARGEST)
    with np.errstate(over="ignore", invalid="ignore"):
        found = values.astype(spec.dtype, copy=False)
    if found.dtype.kind in "iu":
        if not np.array_equal(found, values):
            raise WriteError(f"{spec.file} holds numbers that do not fit {spec.dtype}")
    elif not (np.isfinite(found) | (np.isnan(found) if spec.gaps else False)).all():
        raise WriteError(f"{spec.file}: there are numbers beyond {spec.dtype}, or that are not finite")
    return found
