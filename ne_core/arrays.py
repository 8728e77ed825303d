"""Files of an atlas as read-only arrays, each checked against the schema; nothing is ever unpickled."""

from pathlib import Path

import numpy as np

from ne_core.schema import Array, Column


class AtlasError(ValueError):
    """The directory is not a readable atlas; the message says in one line what is wrong."""


def load_array(folder: Path, spec: Array, sizes: dict[str, int]) -> np.ndarray:
    """The memory-mapped array of `spec`. Dimensions not yet in `sizes` are learned from it."""
    path = folder / spec.file
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise AtlasError(f"{path} is missing: build the atlas again") from None
    except (OSError, ValueError) as error:
        raise AtlasError(f"{path} cannot be read as an array ({first_line(error)}): build the atlas again") from None
    if array.dtype != np.dtype(spec.dtype) or not fits(array.shape, spec.shape, sizes):
        wanted = ", ".join(f"{d}={sizes[d]}" if d in sizes else str(d) for d in spec.shape)
        raise AtlasError(f"{path} holds {array.dtype}{list(array.shape)}, the schema says {spec.dtype}[{wanted}]")
    return array


def fits(shape: tuple[int, ...], wanted: tuple[str | int, ...], sizes: dict[str, int]) -> bool:
    """Whether a shape is the wanted one, learning the dimensions that are met for the first time."""
    if len(shape) != len(wanted):
        return False
    return all(n == (d if isinstance(d, int) else sizes.setdefault(d, n)) for n, d in zip(shape, wanted, strict=True))


def load_table(path: Path, columns: tuple[Column, ...]) -> dict[str, np.ndarray]:
    """A Parquet table as numpy columns; list cells become a second axis."""
    import pyarrow.parquet as pq  # a tenth of the app's start, paid when an atlas is opened

    try:
        with pq.ParquetFile(path) as file:  # `read_table` would load pandas: half as long again as all of this
            table = file.read(columns=[c.name for c in columns])
    except FileNotFoundError:
        raise AtlasError(f"{path} is missing: build the atlas again") from None
    except (OSError, ValueError) as error:
        raise AtlasError(f"{path} cannot be read as a table ({first_line(error)}): build the atlas again") from None
    absent = [c.name for c in columns if c.name not in table.column_names]
    if absent:
        raise AtlasError(f"{path} has no column {absent[0]!r}: build the atlas again")
    return {c.name: column_values(path, table[c.name], c) for c in columns}


def column_values(path: Path, values, column: Column) -> np.ndarray:
    """One column as [rows] or [rows length], in the schema's dtype."""
    listed = hasattr(values.type, "value_type")
    found = values.type.value_type if listed else values.type
    wanted = {"float32": "float"}.get(column.dtype, column.dtype)  # arrow's name for it
    if listed != (column.length > 1) or str(found) != wanted:
        raise AtlasError(f"{path}: column {column.name!r} holds {values.type}, the schema says {column.dtype}")
    flat = values.combine_chunks()
    flat = flat.flatten() if listed else flat
    if values.null_count or flat.null_count or len(flat) != len(values) * column.length:
        raise AtlasError(f"{path}: column {column.name!r} must hold {column.length} a row: build the atlas again")
    # `to_numpy` would load pandas, too
    array = np.from_dlpack(flat) if len(flat) else np.zeros(0, dtype=column.dtype)
    array.setflags(write=False)
    return array if column.length == 1 else array.reshape(-1, column.length)


def first_line(error: Exception) -> str:
    return str(error).split("\n")[0]
