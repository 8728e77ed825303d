"""Stage 5: arrays become an atlas: a directory that is moved into place whole, checked by the schema, manifest last."""

import importlib.metadata
import json
import os
import platform
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import layer_folder
from ne_core.checks import file_sha256
from ne_core.schema import EXAMPLES, LAYER, MANIFEST, SCHEMA_VERSION, Array, Column
from precompute.collected import LayerRows
from precompute.found import Features

LIBRARIES = ("numpy", "scipy", "pyarrow", "faiss-cpu", "torch", "transformers", "transformer-lens", "tokenizers")
LARGEST = float(np.finfo(np.float16).max)


class WriteError(ValueError):
    """The atlas cannot be written; the message says why in one line."""


@contextmanager
def new_atlas(out: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `out` when the block ends well; what stood at `out` stays until then."""
    check_target(out)
    out = Path(os.path.abspath(out))
    folder = beside(out, "writing")
    clear_up(out)
    try:
        folder.mkdir(parents=True)
        yield folder
        if not (folder / "manifest.json").exists():
            raise WriteError(f"{folder} was left without a manifest")
        move_into_place(folder, out)
    except (OSError, sqlite3.Error) as error:
        raise WriteError(f"{out} cannot be written: {getattr(error, 'strerror', None) or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_target(out: Path) -> None:
    """Only nothing, an empty directory or an atlas may be replaced by an atlas."""
    if out.is_dir():
        if any(out.iterdir()) and not (out / "manifest.json").is_file():
            raise WriteError(f"{out} holds files and is not an atlas: it is left as it is, name another directory")
    elif out.exists() or out.is_symlink():
        raise WriteError(f"{out} is not a directory")


def beside(out: Path, role: str) -> Path:
    return out.parent / f".{out.name}.{role}"


def clear_up(out: Path) -> None:
    """What a killed run left: a half-written folder, or the old atlas between the two renames of `move_into_place`."""
    shutil.rmtree(beside(out, "writing"), ignore_errors=True)
    if beside(out, "old").exists() and not out.exists():
        beside(out, "old").rename(out)


def move_into_place(folder: Path, out: Path) -> None:
    """Two renames, so that `out` is the old atlas or the new one and never a mixture."""
    old = beside(out, "old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    folder.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def write_examples(
    folder: Path,
    tokens: Int[np.ndarray, "n_examples n_ctx"],
    lengths: Int[np.ndarray, " n_examples"],
    vocab: list[str],
) -> None:
    for spec, values in zip(EXAMPLES, (tokens, lengths), strict=True):
        save(folder, spec, values)
    (folder / "vocab.json").write_text(json.dumps(vocab), encoding="utf-8")


def write_layer(
    folder: Path,
    rows: LayerRows,
    features: Features,
    importances: Float[np.ndarray, "n_rows n_baselines n_back"],
) -> None:
    """One layer's columns."""
    check_activations(rows)
    inside = folder / layer_folder(rows.layer)
    inside.mkdir(parents=True)
    columns = {
        "offsets": rows.offsets,
        "example": rows.example,
        "pos": rows.pos,
        "activation": rows.activation,
        "feature": features.feature,
        "window_activations": rows.window_activations,
        # a row that barely fires can lose any multiple of its activation: what float16 cannot say ends at its end
        "window_importances": np.clip(importances, -LARGEST, LARGEST),
        "trees": features.trees,
        "merge_central": features.merge_central,
        "W_in": rows.weights.W_in,
        "b_in": rows.weights.b_in,
    }
    for spec in LAYER:
        save(inside, spec, columns[spec.file.removesuffix(".npy")])


def check_activations(rows: LayerRows) -> None:
    """Finite, and small enough for the float16 that they are stored in."""
    outside = np.isnan(rows.window_activations)
    for name, values in (
        ("key activation", rows.activation),
        ("context activation", rows.window_activations[~outside]),
        ("weight", rows.weights.W_in),
    ):
        if values.size and not np.abs(values).max() <= LARGEST:
            raise WriteError(
                f"layer {rows.layer} has a {name} beyond float16 ({LARGEST:.0f}), or one that is not finite"
            )


def save(folder: Path, spec: Array, values: np.ndarray) -> None:
    """One array in the schema's dtype. Raises WriteError when its whole numbers do not fit."""
    cast = values.astype(spec.dtype)
    if np.issubdtype(cast.dtype, np.integer) and not np.array_equal(cast, values):
        raise WriteError(f"{spec.file} holds numbers that do not fit {spec.dtype}")
    np.save(folder / spec.file, cast)


def write_table(path: Path, spec: Sequence[Column], columns: dict[str, np.ndarray]) -> None:
    """A Parquet table with the schema's columns, in its order and dtypes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {column.name: arrow_column(pa, column, columns[column.name]) for column in spec}
    pq.write_table(pa.table(arrays), path, compression="zstd")


def arrow_column(pa, column: Column, values: np.ndarray):
    flat = pa.array(values.astype(column.dtype).reshape(-1))
    return flat if column.length == 1 else pa.FixedSizeListArray.from_arrays(flat, column.length)


def write_faiss(folder: Path, space: str, units: Float[np.ndarray, "n d"]) -> None:
    """A flat float16 index over unit vectors, by inner product: cosines, exactly as far as float16 goes."""
    import faiss

    index = faiss.IndexScalarQuantizer(units.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    index.add(np.ascontiguousarray(units, dtype=np.float32))
    # through numpy: faiss's own writer reports a full disk as a bug of its own
    faiss.serialize_index(index).tofile(folder / f"features_{space}.faiss")


def write_manifest(folder: Path, facts: dict) -> None:
    """Last: a directory without a manifest is not an atlas."""
    raw = {**facts, "schema_version": SCHEMA_VERSION, "libraries": libraries(), "files": checksums(folder)}
    if set(raw) != set(MANIFEST):
        raise WriteError(f"manifest: {', '.join(sorted(set(raw) ^ set(MANIFEST)))} must be given and nothing else")
    text = json.dumps(raw, indent=1, sort_keys=True, allow_nan=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def checksums(folder: Path) -> dict[str, dict]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {p.relative_to(folder).as_posix(): {"sha256": file_sha256(p), "size": p.stat().st_size} for p in paths}


def libraries() -> dict[str, str]:
    """Versions of what had a part in the numbers; absent ones had none."""
    versions = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
