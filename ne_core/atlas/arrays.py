"""Arrays of an atlas by memory map, each checked against the schema. Nothing in them is evaluated or unpickled.

An atlas may come from a stranger: every file that is read has passed `own_file` first.
"""

import math
import mmap
import re
from pathlib import Path, PurePosixPath

import numpy as np

from ne_core.atlas.schema import Array
from ne_core.errors import AtlasError, first_line

# What numpy writes before plain numbers (version 1.0); its own reader also takes pickles, archives and expressions.
HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<>|]\w{2,8})', 'fortran_order': (True|False), "
    rb"'shape': \(([0-9, ]{0,60})\), \} *\n",
    re.DOTALL,
)

DTYPES = {np.dtype(name).str: name for name in ("float16", "float32", "float64", "int16", "int32", "int64", "uint8")}


def own_file(root: Path, name: str) -> Path:
    """The path of a file inside the atlas. No link is followed: it could lead anywhere on this machine."""
    path = root
    for part in PurePosixPath(name).parts:
        path = path / part
        if path.is_symlink():
            raise AtlasError(f"{path} is a link: an atlas holds files of its own, copy what it points at")
    if not path.is_file():  # nor a pipe, which would be waited for without end
        raise AtlasError(f"{path} is missing: build the atlas again")
    return path


def load_array(folder: Path, spec: Array, sizes: dict[str, int]) -> np.ndarray:
    """The memory-mapped array of `spec`. Dimensions not yet in `sizes` are learned from it."""
    path = own_file(folder, spec.file)
    try:
        dtype, shape, order, offset = header(path)
    except (OSError, ValueError) as error:
        raise AtlasError(f"{path} cannot be read as an array ({first_line(error)}): build the atlas again") from None
    if dtype != spec.dtype or not fits(shape, spec.shape, sizes):
        wanted = ", ".join(f"{d}={sizes[d]}" if d in sizes else str(d) for d in spec.shape)
        raise AtlasError(f"{path} holds {dtype}{list(shape)}, the schema says {spec.dtype}[{wanted}]")
    return mapped(path, np.dtype(spec.dtype), shape, order, offset)


def header(path: Path) -> tuple[str, tuple[int, ...], str, int]:
    """What the file says it holds: its dtype, shape, order, and where the numbers begin."""
    with path.open("rb") as file:
        found = HEADER.match(file.read(512))
    if not found:
        raise ValueError("it does not begin as an array of plain numbers does")
    descr, fortran, shape = (text.decode("ascii") for text in found.groups())
    lengths = tuple(int(n) for n in shape.split(",") if n.strip())
    return DTYPES.get(descr, descr), lengths, "F" if fortran == "True" else "C", found.end()


def mapped(path: Path, dtype: np.dtype, shape: tuple[int, ...], order: str, offset: int) -> np.ndarray:
    """The numbers after the header, which must be as many as it says."""
    size = math.prod(shape) * dtype.itemsize
    if path.stat().st_size != offset + size:
        raise AtlasError(f"{path} does not hold the {list(shape)} numbers that it says: build the atlas again")
    if not size:
        empty = np.zeros(shape, dtype)
        empty.setflags(write=False)
        return empty
    # as a plain array over the map: slices of a memmap take ten times as long
    return np.asarray(np.memmap(path, dtype, mode="r", offset=offset, shape=shape, order=order))


def let_go(array: np.ndarray) -> None:
    """Give back the memory that reading a mapped array has taken; its numbers stay on disk and can be read again."""
    mapping = getattr(array.base, "_mmap", None)  # without one it is an empty array
    if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)


def fits(shape: tuple[int, ...], wanted: tuple[str | int, ...], sizes: dict[str, int]) -> bool:
    """Whether a shape is the wanted one, learning the dimensions that are met for the first time."""
    if len(shape) != len(wanted):
        return False
    return all(n == (d if isinstance(d, int) else sizes.setdefault(d, n)) for n, d in zip(shape, wanted, strict=True))
