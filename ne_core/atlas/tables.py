"""Parquet tables of an atlas as read-only numpy columns, each checked against the schema."""

from pathlib import Path

import numpy as np

from ne_core.atlas.arrays import own_file
from ne_core.atlas.schema import Column
from ne_core.errors import AtlasError, first_line

ARROW = {"float16": "halffloat", "float32": "float", "float64": "double"}  # its names for them


def load_table(root: Path, name: str, columns: tuple[Column, ...], most: int) -> dict[str, np.ndarray]:
    """A table of at most so many rows; list cells become a second axis."""
    import pyarrow as pa  # a tenth of the app's start, paid when an atlas is opened
    import pyarrow.parquet as pq

    path = own_file(root, name)
    try:
        with pq.ParquetFile(path) as file:  # `read_table` would load pandas: half as long again as all of this
            check_head(path, file, columns, most)
            # a column at a time, and the memory that reading took given back: it would be larger than the table
            found = {c.name: column_values(path, file.read(columns=[c.name])[c.name], c) for c in columns}
        pa.default_memory_pool().release_unused()
    except AtlasError:
        raise
    except (OSError, ValueError, MemoryError, pa.ArrowException) as error:
        raise AtlasError(f"{path} cannot be read as a table ({first_line(error)}): build the atlas again") from None
    return found


def check_head(path: Path, file, columns: tuple[Column, ...], most: int) -> None:
    """A few bytes can stand for billions of equal numbers: what the table claims to hold is known before it is read."""
    n_rows = file.metadata.num_rows
    if not 0 <= n_rows <= most:
        raise AtlasError(f"{path} claims {n_rows} rows, this atlas has at most {most}: build the atlas again")
    for column in columns:
        if file.schema_arrow.names.count(column.name) != 1:
            raise AtlasError(f"{path} has no column {column.name!r}, or several: build the atlas again")
        check_type(path, file.schema_arrow.field(column.name).type, column)
    lengths = {column.name: column.length for column in columns}
    for group in map(file.metadata.row_group, range(file.metadata.num_row_groups)):
        for chunk in map(group.column, range(group.num_columns)):
            if chunk.num_values > n_rows * lengths.get(chunk.path_in_schema.split(".")[0], most):
                raise AtlasError(f"{path} claims more numbers than it has rows for: build the atlas again")


def check_type(path: Path, found, column: Column) -> None:
    """Plain numbers, or lists of one length of them."""
    import pyarrow.types as types

    listed = types.is_fixed_size_list(found)
    inner = str(found.value_type if listed else found)
    wanted = ARROW.get(column.dtype, column.dtype)
    if inner != wanted or (found.list_size if listed else 1) != column.length:
        length = f" × {column.length}" if column.length > 1 else ""
        said = f"holds {str(found)[:60].splitlines()[0]}, the schema says {column.dtype}{length}"
        raise AtlasError(f"{path}: column {column.name!r} {said}")


def column_values(path: Path, values, column: Column) -> np.ndarray:
    """One column as [rows] or [rows length], in the schema's dtype."""
    flat = values.combine_chunks()
    flat = flat.flatten() if column.length > 1 else flat
    if values.null_count or flat.null_count or len(flat) != len(values) * column.length:
        raise AtlasError(f"{path}: column {column.name!r} must hold {column.length} a row: build the atlas again")
    # `to_numpy` would load pandas, too; a copy, since what arrow reads into is larger than what it holds
    array = np.array(np.from_dlpack(flat)) if len(flat) else np.zeros(0, dtype=column.dtype)
    array.setflags(write=False)
    return array if column.length == 1 else array.reshape(-1, column.length)
