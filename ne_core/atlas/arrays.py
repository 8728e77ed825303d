"""Memory-mapped arrays of an atlas, each checked against the schema. Nothing in them is evaluated or unpickled.

An atlas may come from a stranger: every file passes `atlas_file` before it is read.
"""

import math
import mmap
import re
from pathlib import Path, PurePosixPath

import numpy as np

from ne_core.atlas.schema import Array
from ne_core.errors import AtlasError, first_line

# numpy's header of plain numbers (version 1.0); numpy's reader also accepts pickles, archives and expressions
HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<>|]\w{2,8})', 'fortran_order': (True|False), "
    rb"'shape': \(([0-9, ]{0,60})\), \} *\n",
    re.DOTALL,
)

DTYPES = {np.dtype(name).str: name for name in ("float16", "float32", "float64", "int16", "int32", "int64", "uint8")}


def atlas_file(root: Path, name: str) -> Path:
    """Path of a file inside the atlas. Raises AtlasError for links, which could point anywhere on this machine."""
    path = root
    for part in PurePosixPath(name).parts:
        path = path / part
        if path.is_symlink():
            raise AtlasError(f"{path} is a link, which is not allowed in an atlas: replace it by a copy of its target")
    if not path.is_file():  # a pipe would block forever
        raise AtlasError(f"{path} is missing: build the atlas again")
    return path


def load_array(folder: Path, spec: Array, sizes: dict[str, int]) -> np.ndarray:
    """Map the array of `spec`. Dimensions not yet in `sizes` are added to it. Raises AtlasError for a damaged file."""
    path = atlas_file(folder, spec.file)
    try:
        dtype, shape, order, offset = header(path)
    except (OSError, ValueError) as error:
        raise AtlasError(f"{path} cannot be read as an array ({first_line(error)}): build the atlas again") from None
    if dtype != spec.dtype or not fits(shape, spec.shape, sizes):
        expected = ", ".join(f"{d}={sizes[d]}" if d in sizes else str(d) for d in spec.shape)
        raise AtlasError(f"{path} holds {dtype}{list(shape)}, the schema says {spec.dtype}[{expected}]")
    return mapped(path, np.dtype(spec.dtype), shape, order, offset)


def header(path: Path) -> tuple[str, tuple[int, ...], str, int]:
    """Read the header: dtype, shape, order, and offset of the numbers. Raises ValueError for any other file."""
    with path.open("rb") as file:
        match = HEADER.match(file.read(512))
    if not match:
        raise ValueError("no header of an array of plain numbers")
    descr, fortran, shape = (text.decode("ascii") for text in match.groups())
    lengths = tuple(int(n) for n in shape.split(",") if n.strip())
    return DTYPES.get(descr, descr), lengths, "F" if fortran == "True" else "C", match.end()


def mapped(path: Path, dtype: np.dtype, shape: tuple[int, ...], order: str, offset: int) -> np.ndarray:
    """Map the numbers after the header. Raises AtlasError unless the file holds exactly as many as the header says."""
    size = math.prod(shape) * dtype.itemsize
    if path.stat().st_size != offset + size:
        raise AtlasError(f"{path} does not hold the {list(shape)} numbers of its header: build the atlas again")
    if not size:
        empty = np.zeros(shape, dtype)
        empty.setflags(write=False)
        return empty
    # a plain array over the map: slices of a memmap take ten times as long
    return np.asarray(np.memmap(path, dtype, mode="r", offset=offset, shape=shape, order=order))


def release_pages(array: np.ndarray) -> None:
    """Release the memory pages of a mapped array; its numbers can be read from disk again."""
    mapping = getattr(array.base, "_mmap", None)  # None for an empty array
    if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)


def fits(shape: tuple[int, ...], expected: tuple[str | int, ...], sizes: dict[str, int]) -> bool:
    """True if a shape is as expected; dimensions not yet in `sizes` are added to it."""
    if len(shape) != len(expected):
        return False
    return all(n == (d if isinstance(d, int) else sizes.setdefault(d, n)) for n, d in zip(shape, expected, strict=True))
