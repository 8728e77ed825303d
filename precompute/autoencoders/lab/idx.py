"""IDX files, in which MNIST and its likes come: a magic number, the sizes, then bytes; as they are or gzipped."""

import gzip
import re
import zlib
from math import prod
from pathlib import Path

import numpy as np

from precompute.corpus.file_kinds import HEAD, file_kind

MAGIC = {"images": 0x803, "labels": 0x801}  # unsigned bytes of three dimensions, and of one
PREFIXES = ("train", "t10k")
WORDS = {"train": "train", "t10k": "test"}
GZIP = b"\x1f\x8b"
MOST = 2**30  # bytes of numbers in one file


class IdxError(ValueError):
    """A file is not what it should be; the message says why in one line."""


def read_idx_folder(folder: Path) -> tuple[np.ndarray, np.ndarray, int | None]:
    """Images [n h w] and labels [n] of the sets that are there, `train` before `t10k`; and how many are of `train`.

    None where there is one set, which nobody has divided yet.
    """
    if not folder.is_dir():
        raise IdxError(
            f"{folder} is not a folder: --idx takes one that holds t10k-images-idx3-ubyte(.gz) and its labels"
        )
    found = [prefix for prefix in PREFIXES if idx_file(folder, prefix, "images")]
    if not found:
        raise IdxError(f"{folder} holds no IDX images: train-images-idx3-ubyte or t10k-images-idx3-ubyte, .gz or not")
    sets = [read_set(folder, prefix) for prefix in found]
    if len({images.shape[1:] for images, _ in sets}) > 1:
        raise IdxError(f"{folder}: the images of train and t10k are of different sizes")
    images, labels = (np.concatenate(parts) for parts in zip(*sets, strict=True))
    return images, labels, len(sets[0][0]) if len(sets) == 2 else None


def read_set(folder: Path, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    images, labels = (idx_file(folder, prefix, what) for what in ("images", "labels"))
    if labels is None:
        raise IdxError(f"{folder} holds {images.name} and no labels: {prefix}-labels-idx1-ubyte is missing")
    values = read_idx(images, "images"), read_idx(labels, "labels")
    if len(values[0]) != len(values[1]):
        raise IdxError(f"{images} has {len(values[0])} images, {labels.name} has {len(values[1])} labels")
    return values


def idx_file(folder: Path, prefix: str, what: str) -> Path | None:
    """The file of a set, by any of the names that are in use; where it lies there packed and unpacked, the latter."""
    own = f"{'(t10k|test)' if prefix == 't10k' else prefix}[-_.]{what}[-_.]idx{MAGIC[what] & 0xFF}[-_.]ubyte"
    name = re.compile(rf"([a-z0-9]+[-_])*{own}(\.gz)?", re.IGNORECASE)
    found = sorted(path for path in folder.iterdir() if name.fullmatch(path.name) and path.is_file())
    unpacked = [path for path in found if path.suffix.lower() != ".gz"]
    if len(unpacked or found) > 1:
        names = ", ".join(path.name for path in unpacked or found)
        raise IdxError(
            f"{folder} holds several files of {what} to {WORDS[prefix]} on: {names}; leave one of them there"
        )
    return next(iter(unpacked or found), None)


def read_idx(path: Path, what: str) -> np.ndarray:
    """The bytes of one file, uint8 [n h w] of `images` or [n] of `labels`. Raises IdxError."""
    found = contents(path)
    n_dimensions = MAGIC[what] & 0xFF
    head = 4 * (1 + n_dimensions)
    if len(found) < head:
        raise IdxError(f"{path} is cut short: {len(found)} bytes are less than its head of {head}")
    magic, *sizes = np.frombuffer(found[:head], ">u4").tolist()
    if magic != MAGIC[what]:
        kind = file_kind(found[:HEAD])
        other = f"; it is {kind}" if kind else ""
        raise IdxError(
            f"{path} does not begin as IDX {what} do: magic number {magic:#06x}, not {MAGIC[what]:#06x}{other}"
        )
    if len(found) - head != prod(sizes):
        raise IdxError(f"{path} holds {len(found) - head} bytes, its head says {' × '.join(map(str, sizes))}")
    if not prod(sizes):
        raise IdxError(f"{path} holds no {what}")
    return np.frombuffer(found[head:], np.uint8).reshape(sizes)


def contents(path: Path) -> bytes:
    """What is in the file, unpacked up to a limit: a small archive may claim to hold more than any memory."""
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            found = file.read(MOST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise IdxError(f"{path} cannot be unpacked, it is damaged or cut short: {error}") from error
    if len(found) > MOST:
        raise IdxError(f"{path} holds more than {MOST} bytes")
    return found
