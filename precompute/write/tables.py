"""Tables of an atlas, and its vector indexes for search."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ne_core.atlas.schema import Column
from ne_core.method.trees.cluster import unit
from ne_core.sharing.atomic_write import WriteError

BLOCK = 2**13  # vectors indexed together


def write_table(path: Path, spec: Sequence[Column], columns: dict[str, np.ndarray]) -> None:
    """Write a Parquet table with the schema's columns, in its order and dtypes. Raises WriteError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {column.name: arrow_column(pa, column, columns[column.name]) for column in spec}
    pq.write_table(pa.table(arrays), path, compression="zstd")


def arrow_column(pa, column: Column, values: np.ndarray):
    flat = pa.array(cast(column, values).reshape(-1))
    return flat if column.length == 1 else pa.FixedSizeListArray.from_arrays(flat, column.length)


def cast(column: Column, values: np.ndarray) -> np.ndarray:
    """Cast to the column's dtype. Raises WriteError if a value changes or becomes infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        result = np.asarray(values).astype(column.dtype)
    fits = np.array_equal(result, values) if result.dtype.kind in "iu" else not np.isinf(result).any()
    if not fits:
        raise WriteError(f"column {column.name} holds numbers that do not fit {column.dtype}")
    return result


def write_index(path: Path, vectors: Float[np.ndarray, "n d"]) -> None:
    """Write a flat index of the vectors' directions by inner product, that is cosine, in 8 bits per number.

    The 256 levels of a dimension are evenly spaced between its least and greatest value.
    """
    import faiss

    index = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    index.train(value_ranges(vectors))
    for block in unit_vectors(vectors):
        index.add(block)
    # through Python: faiss's writer reports a full disk as an internal error
    path.write_bytes(faiss.serialize_index(index).data)


def value_ranges(vectors: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "2 d"]:
    """Return the least and greatest value of each dimension of the unit vectors; zeros without vectors."""
    ranges = [(block.min(axis=0), block.max(axis=0)) for block in unit_vectors(vectors)]
    if not ranges:
        return np.zeros((2, vectors.shape[1]), dtype=np.float32)
    least, greatest = zip(*ranges, strict=True)
    return np.stack([np.min(least, axis=0), np.max(greatest, axis=0)])


def unit_vectors(vectors: Float[np.ndarray, "n d"]) -> Iterator[Float[np.ndarray, "block d"]]:
    """Yield blocks of vectors in float32, of length 1."""
    for start in range(0, len(vectors), BLOCK):
        yield unit(np.ascontiguousarray(vectors[start : start + BLOCK], dtype=np.float32))
