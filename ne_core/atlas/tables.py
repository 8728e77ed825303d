"""Load Parquet tables of an atlas as read-only numpy columns, each checked against the schema."""

from pathlib import Path

import numpy as np

from ne_core.atlas.arrays import atlas_file
from ne_core.atlas.schema import Column
from ne_core.errors import AtlasError, first_line

ARROW = {"float16": "halffloat", "float32": "float", "float64": "double"}  # Arrow's names


def load_table(root: Path, name: str, columns: tuple[Column, ...], most: int) -> dict[str, np.ndarray]:
    """Load a table of at most `most` rows; list cells become a second axis. Raises AtlasError for a damaged table."""
    import pyarrow as pa  # imported here: a tenth of the app's start
    import pyarrow.parquet as pq

    path = atlas_file(root, name)
    try:
        with pq.ParquetFile(path) as file:  # `read_table` would load pandas, which takes half as long again
            check_head(path, file, columns, most)
            # one column at a time, and the memory pool released: it would be larger than the table
            table = {c.name: column_values(path, file.read(columns=[c.name])[c.name], c) for c in columns}
        pa.default_memory_pool().release_unused()
    except AtlasError:
        raise
    except (OSError, ValueError, MemoryError, pa.ArrowException) as error:
        raise AtlasError(f"{path} cannot be read as a table ({first_line(error)}): build the atlas again") from None
    return table


def check_head(path: Path, file, columns: tuple[Column, ...], most: int) -> None:
    """Check the claimed sizes before reading: a few bytes can stand for billions of equal numbers."""
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


def check_type(path: Path, arrow_type, column: Column) -> None:
    """Raise AtlasError unless a column holds numbers, or lists of numbers of a fixed length, as declared."""
    import pyarrow.types as types

    listed = types.is_fixed_size_list(arrow_type)
    inner = str(arrow_type.value_type if listed else arrow_type)
    expected = ARROW.get(column.dtype, column.dtype)
    if inner != expected or (arrow_type.list_size if listed else 1) != column.length:
        length = f" × {column.length}" if column.length > 1 else ""
        problem = f"holds {str(arrow_type)[:60].splitlines()[0]}, the schema says {column.dtype}{length}"
        raise AtlasError(f"{path}: column {column.name!r} {problem}")


def column_values(path: Path, values, column: Column) -> np.ndarray:
    """Convert one column to [rows] or [rows length], in the schema's dtype."""
    flat = values.combine_chunks()
    flat = flat.flatten() if column.length > 1 else flat
    if values.null_count or flat.null_count or len(flat) != len(values) * column.length:
        raise AtlasError(f"{path}: column {column.name!r} must hold {column.length} per row: build the atlas again")
    # `to_numpy` would load pandas; a copy, since Arrow's buffers are larger than the column
    array = np.array(np.from_dlpack(flat)) if len(flat) else np.zeros(0, dtype=column.dtype)
    array.setflags(write=False)
    return array if column.length == 1 else array.reshape(-1, column.length)
