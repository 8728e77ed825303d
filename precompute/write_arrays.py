"""The arrays of an atlas, cast to the schema's dtypes and written block by block: none is ever in memory twice."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ne_core.inputs import places
from ne_core.paths import inputs_file, layer_folder
from ne_core.placing import WriteError
from ne_core.schema import EXAMPLES, IMAGES, INPUTS, LAYER, LOGIT_EFFECTS, Array
from ne_core.statistics import triangle
from precompute.collected import LayerRows
from precompute.found import Features, Texts
from precompute.sample import LayerStatistics

BLOCK = 2**22  # numbers cast together
LARGEST = float(np.finfo(np.float16).max)


def write_examples(folder: Path, texts: Texts) -> None:
    for spec, values in zip(EXAMPLES, (texts.tokens, texts.lengths), strict=True):
        save(folder, spec, values)
    if texts.images is not None:
        save(folder, IMAGES, texts.images)
    (folder / "vocab.json").write_text(json.dumps(texts.vocab), encoding="utf-8")


def write_layer(
    folder: Path,
    rows: LayerRows,
    features: Features,
    statistics: LayerStatistics,
    importances: Float[np.ndarray, "n_rows n_baselines n_back"],
) -> None:
    """One layer's columns. Raises WriteError where the schema's dtypes cannot say what they hold."""
    columns = {
        "offsets": rows.offsets,
        "example": rows.example,
        "pos": rows.pos,
        "activation": rows.activation,
        "feature": features.feature,
        "center_distance": features.center_distance,
        "window_activations": rows.window_activations,
        "trees": features.trees,
        "merge_central": features.merge_central,
        "W_in": rows.weights.W_in,
        "b_in": rows.weights.b_in,
        "input_mean": statistics.input_mean,
        "input_covariance": triangle(statistics.input_covariance),
        "histogram": statistics.histogram,
        "histogram_range": statistics.histogram_range,
    }
    for spec in LAYER:
        inside = replace(spec, file=f"{layer_folder(rows.layer)}/{spec.file}")
        if spec.file == "window_importances.npy":
            save(folder, inside, importances, storable)
        else:
            save(folder, inside, columns[spec.file.removesuffix(".npy")])


def storable(values: np.ndarray) -> np.ndarray:
    """What float16 cannot say ends at its end: a row that barely fires can lose any multiple of its activation."""
    return np.clip(values, -LARGEST, LARGEST)


def write_logits(folder: Path, layer: int, columns: Mapping[str, np.ndarray]) -> None:
    """One layer's logit effects, which are as large as the model's weights happen to be."""
    for spec in LOGIT_EFFECTS:
        inside = replace(spec, file=f"{layer_folder(layer)}/{spec.file}")
        save(folder, inside, columns[spec.file.removesuffix(".npy")], storable if spec.gaps else lambda block: block)


def write_columns(folder: Path, layer: int, specs: Sequence[Array], columns: Mapping[str, np.ndarray]) -> None:
    """Some of one layer's columns, by the names of their files."""
    for spec in specs:
        save(folder, replace(spec, file=f"{layer_folder(layer)}/{spec.file}"), columns[spec.file.removesuffix(".npy")])


def write_inputs(folder: Path, rows: LayerRows) -> None:
    """One layer's x, which must stand by (example, position), each of them once: a reader counts on it."""
    place, n_kept = places(rows.example, rows.pos)
    if len(rows.x) != n_kept or not np.array_equal(place, rows.x_row):
        raise WriteError(f"layer {rows.layer}: its inputs do not stand by example and position, each of them once")
    save(folder, replace(INPUTS, file=inputs_file(rows.layer)), rows.x)


def save(
    folder: Path, spec: Array, values: np.ndarray, prepared: Callable[[np.ndarray], np.ndarray] = lambda block: block
) -> None:
    """One array as `spec` says, each block `prepared` before it is cast. Raises WriteError when numbers do not fit."""
    path = folder / spec.file
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        head = {"descr": np.dtype(spec.dtype).str, "fortran_order": False, "shape": values.shape}
        np.lib.format.write_array_header_1_0(file, head)
        for block in blocks(values):
            file.write(cast(spec, prepared(block)).tobytes())  # not `tofile`, which cannot say that a disk is full


def blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    """Some rows at a time, so that a memory map is never read whole."""
    step = max(1, BLOCK // max(1, math.prod(values.shape[1:])))
    for start in range(0, len(values), step):
        yield values[start : start + step]


def cast(spec: Array, values: np.ndarray) -> np.ndarray:
    """The same numbers in the schema's dtype, gaps where it allows them."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = values.astype(spec.dtype, copy=False)
    if found.dtype.kind == "i":
        if not np.array_equal(found, values):
            raise WriteError(f"{spec.file} holds numbers that do not fit {spec.dtype}")
    elif not (np.isfinite(found) | (np.isnan(found) if spec.gaps else False)).all():
        raise WriteError(f"{spec.file}: there are numbers beyond {spec.dtype}, or that are not finite")
    return found
