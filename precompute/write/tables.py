"""The tables of an atlas, and the indexes that free queries are put to."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ne_core.atlas.schema import Column
from ne_core.method.cluster import unit
from ne_core.sharing.atomic_write import WriteError

BLOCK = 2**13  # vectors indexed together


def write_table(path: Path, spec: Sequence[Column], columns: dict[str, np.ndarray]) -> None:
    """A Parquet table with the schema's columns, in its order and dtypes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {column.name: arrow_column(pa, column, columns[column.name]) for column in spec}
    pq.write_table(pa.table(arrays), path, compression="zstd")


def arrow_column(pa, column: Column, values: np.ndarray):
    flat = pa.array(fitting(column, values).reshape(-1))
    return flat if column.length == 1 else pa.FixedSizeListArray.from_arrays(flat, column.length)


def fitting(column: Column, values: np.ndarray) -> np.ndarray:
    """In the schema's dtype. Raises WriteError where a number would become another or infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.asarray(values).astype(column.dtype)
    same = np.array_equal(found, values) if found.dtype.kind in "iu" else not np.isinf(found).any()
    if not same:
        raise WriteError(f"column {column.name} holds numbers that do not fit {column.dtype}")
    return found


def write_index(path: Path, vectors: Float[np.ndarray, "n d"]) -> None:
    """A flat index over the vectors' directions, by inner product: cosines. Each number is one of 256 levels.

    The levels of a dimension lie evenly between its two ends, which are all that faiss learns from the vectors.
    """
    import faiss

    index = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    index.train(ends(vectors))
    for block in units(vectors):
        index.add(block)
    # through Python: faiss's own writer reports a full disk as a bug of its own
    path.write_bytes(faiss.serialize_index(index).data)


def ends(vectors: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "2 d"]:
    """The least and the greatest value of each dimension of the unit vectors; zeros when there are no vectors."""
    found = [(block.min(axis=0), block.max(axis=0)) for block in units(vectors)]
    if not found:
        return np.zeros((2, vectors.shape[1]), dtype=np.float32)
    least, greatest = zip(*found, strict=True)
    return np.stack([np.min(least, axis=0), np.max(greatest, axis=0)])


def units(vectors: Float[np.ndarray, "n d"]) -> Iterator[Float[np.ndarray, "block d"]]:
    """Some vectors at a time, in float32 and of length 1."""
    for start in range(0, len(vectors), BLOCK):
        yield unit(np.ascontiguousarray(vectors[start : start + BLOCK], dtype=np.float32))
