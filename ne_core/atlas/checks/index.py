"""Check that a file is the faiss index of the schema; faiss's own reader must not get any other file.

Layout of a flat 8-bit index: a header, the lowest value and the width of every dimension, one byte per number.
"""

import struct
from pathlib import Path

import numpy as np

from ne_core.errors import AtlasError

# fourcc, d, n, two unused, trained, metric; quantizer, two of its settings, d, bytes per vector, n trained
HEAD = struct.Struct("<4siqqqBiiifQQQ")  # trained is a byte: `?` would accept any number for True
INNER_PRODUCT, QT_8BIT = 0, 0


def check_index(path: Path, n: int, widths: set[int]) -> None:
    """Raise AtlasError unless the file is a complete flat 8-bit inner-product index: `n` vectors of one of `widths`."""
    with path.open("rb") as file:
        head = file.read(HEAD.size)
        d = HEAD.unpack(head)[1] if len(head) == HEAD.size else 0
        trained = file.read(8 * d) if d in widths else b""
        codes = file.read(8)
    good = d in widths and same_head(head, n, d) and len(codes) == 8 and struct.unpack("<Q", codes)[0] == n * d
    if not (good and path.stat().st_size == HEAD.size + 8 * d + 8 + n * d):
        raise AtlasError(f"{path} is not an 8-bit index of this atlas's {n} features: build the atlas again")
    if not np.isfinite(np.frombuffer(trained, "<f4")).all():
        raise AtlasError(f"{path} holds numbers that are not finite: build the atlas again")


def same_head(head: bytes, n: int, d: int) -> bool:
    """Return whether the header is that of a flat 8-bit inner-product index of `n` vectors of width `d`."""
    fourcc, *numbers = HEAD.unpack(head)
    width, count, _, _, trained, metric, quantizer, _, _, inner_d, code_size, n_trained = numbers
    kind = (fourcc, trained, metric, quantizer) == (b"IxSQ", 1, INNER_PRODUCT, QT_8BIT)
    return kind and (width, count, inner_d, code_size, n_trained) == (d, n, d, d, 2 * d)
