"""Read IDX files, the format of MNIST: a magic number, the sizes, then bytes; plain or gzipped."""

import gzip
import re
import zlib
from math import prod
from pathlib import Path

import numpy as np

from precompute.corpus.file_kinds import HEAD, file_kind

MAGIC = {"images": 0x803, "labels": 0x801}  # unsigned bytes of three dimensions, and of one
PREFIXES = ("train", "t10k")
SET_NAMES = {"train": "train", "t10k": "test"}
GZIP = b"\x1f\x8b"
MAX_BYTES = 2**30  # of one file, unpacked


class IdxError(ValueError):
    """A file is not valid; the message says why in one line."""


def read_idx_folder(folder: Path) -> tuple[np.ndarray, np.ndarray, int | None]:
    """Images [n h w] and labels [n] of the sets in a folder, `train` before `t10k`; and the size of `train`.

    The size is None where the folder has one set, which is not divided yet.
    """
    if not folder.is_dir():
        raise IdxError(
            f"{folder} is not a folder: --idx takes a folder with t10k-images-idx3-ubyte(.gz) and its labels"
        )
    prefixes = [prefix for prefix in PREFIXES if idx_file(folder, prefix, "images")]
    if not prefixes:
        raise IdxError(f"{folder} holds no IDX images: train-images-idx3-ubyte or t10k-images-idx3-ubyte, .gz or not")
    sets = [read_set(folder, prefix) for prefix in prefixes]
    if len({images.shape[1:] for images, _ in sets}) > 1:
        raise IdxError(f"{folder}: the images of train and t10k are of different sizes")
    images, labels = (np.concatenate(parts) for parts in zip(*sets, strict=True))
    return images, labels, len(sets[0][0]) if len(sets) == 2 else None


def read_set(folder: Path, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    images, labels = (idx_file(folder, prefix, kind) for kind in ("images", "labels"))
    if labels is None:
        raise IdxError(f"{folder} holds {images.name} and no labels: {prefix}-labels-idx1-ubyte is missing")
    values = read_idx(images, "images"), read_idx(labels, "labels")
    if len(values[0]) != len(values[1]):
        raise IdxError(f"{images} has {len(values[0])} images, {labels.name} has {len(values[1])} labels")
    return values


def idx_file(folder: Path, prefix: str, kind: str) -> Path | None:
    """Path of one file of a set, by any of its usual names; None if missing. An unpacked file wins over a .gz."""
    stem = f"{'(t10k|test)' if prefix == 't10k' else prefix}[-_.]{kind}[-_.]idx{MAGIC[kind] & 0xFF}[-_.]ubyte"
    name = re.compile(rf"([a-z0-9]+[-_])*{stem}(\.gz)?", re.IGNORECASE)
    paths = sorted(path for path in folder.iterdir() if name.fullmatch(path.name) and path.is_file())
    unpacked = [path for path in paths if path.suffix.lower() != ".gz"]
    if len(unpacked or paths) > 1:
        names = ", ".join(path.name for path in unpacked or paths)
        raise IdxError(
            f"{folder} holds several {kind} files of the {SET_NAMES[prefix]} set: {names}; leave only one of them"
        )
    return next(iter(unpacked or paths), None)


def read_idx(path: Path, kind: str) -> np.ndarray:
    """Read one file: uint8 [n h w] of `images` or [n] of `labels`. Raises IdxError."""
    raw = unpacked(path)
    n_dimensions = MAGIC[kind] & 0xFF
    header_size = 4 * (1 + n_dimensions)
    if len(raw) < header_size:
        raise IdxError(f"{path} is cut short: {len(raw)} bytes, and its header alone takes {header_size}")
    magic, *sizes = np.frombuffer(raw[:header_size], ">u4").tolist()
    if magic != MAGIC[kind]:
        file_type = file_kind(raw[:HEAD])
        hint = f"; it is {file_type}" if file_type else ""
        raise IdxError(f"{path} is not an IDX file of {kind}: magic number {magic:#06x}, not {MAGIC[kind]:#06x}{hint}")
    if len(raw) - header_size != prod(sizes):
        raise IdxError(f"{path} holds {len(raw) - header_size} bytes, its header says {' × '.join(map(str, sizes))}")
    if not prod(sizes):
        raise IdxError(f"{path} holds no {kind}")
    return np.frombuffer(raw[header_size:], np.uint8).reshape(sizes)


def unpacked(path: Path) -> bytes:
    """Content of a file, unpacked up to a limit: a small archive may unpack to more than the memory."""
    with path.open("rb") as file:
        is_gzip = file.read(2) == GZIP
    try:
        with gzip.open(path) if is_gzip else path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise IdxError(f"{path} cannot be unpacked: it is damaged or cut short ({error})") from error
    if len(raw) > MAX_BYTES:
        raise IdxError(f"{path} holds more than {MAX_BYTES} bytes")
    return raw
