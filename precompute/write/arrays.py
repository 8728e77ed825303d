"""Arrays of an atlas, cast to the schema's dtypes and written in blocks: none is in memory twice."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ne_core.atlas.inputs import input_index
from ne_core.atlas.paths import inputs_file, layer_folder
from ne_core.atlas.schema import EXAMPLES, IMAGES, INPUTS, LAYER, Array
from ne_core.half import LARGEST, n_clipped
from ne_core.method.statistics import triangle
from ne_core.sharing.atomic_write import WriteError
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.layer_features import Features, Texts
from precompute.steps.sample import LayerStatistics

BLOCK = 2**22  # numbers cast together
Clipped = dict[str, int]  # number of values clipped to half precision, by file; files without any are left out


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
    """Write one layer's columns. Raises WriteError for values that do not fit the schema's dtypes."""
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
    """Write some of one layer's columns; `columns` is by file name without ending."""
    clipped: Clipped = {}
    for spec in specs:
        in_layer = replace(spec, file=f"{layer_folder(layer)}/{spec.file}")
        clipped |= save(folder, in_layer, columns[spec.file.removesuffix(".npy")])
    return clipped


def write_inputs(folder: Path, rows: ActivatingExamples) -> Clipped:
    """Write one layer's x, sorted by (example, position) without duplicates, as readers expect. Raises WriteError."""
    x_row, n_unique = input_index(rows.example, rows.pos)
    if len(rows.x) != n_unique or not np.array_equal(x_row, rows.x_row):
        raise WriteError(f"layer {rows.layer}: its inputs are not sorted by example and position without duplicates")
    return save(folder, replace(INPUTS, file=inputs_file(rows.layer)), rows.x)


def save(folder: Path, spec: Array, values: np.ndarray) -> Clipped:
    """Write one array as `spec` defines it; returns the number of clipped values by file. Raises WriteError."""
    path, total = folder / spec.file, 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        header = {"descr": np.dtype(spec.dtype).str, "fortran_order": False, "shape": values.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks(values):
            values_out = cast(spec, block)
            total += n_clipped(values_out) if spec.clipped else 0
            file.write(values_out.tobytes())  # not `tofile`, which does not report a full disk
    return {spec.file: total} if total else {}


def blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    """Yield some rows at a time, so that a memory map is never read whole."""
    step = max(1, BLOCK // max(1, math.prod(values.shape[1:])))
    for start in range(0, len(values), step):
        yield values[start : start + step]


def cast(spec: Array, values: np.ndarray) -> np.ndarray:
    """Cast to the schema's dtype; values out of range are clipped, and NaN is allowed, only where the schema says so.

    Infinite values are clipped where NaN is allowed, and refused elsewhere. Raises WriteError.
    """
    if spec.clipped and (spec.gaps or np.isfinite(values).all()):
        values = np.clip(values, -LARGEST, LARGEST)
    with np.errstate(over="ignore", invalid="ignore"):
        result = values.astype(spec.dtype, copy=False)
    if result.dtype.kind in "iu":
        if not np.array_equal(result, values):
            raise WriteError(f"{spec.file} holds numbers that do not fit {spec.dtype}")
    elif not (np.isfinite(result) | (np.isnan(result) if spec.gaps else False)).all():
        raise WriteError(f"{spec.file}: numbers are out of range for {spec.dtype}, or not finite")
    return result
