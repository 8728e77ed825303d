"""Requests and answers as bytes: a JSON text, then the arrays that it refers to, both with their lengths before them.

    8 bytes     length of the JSON, little-endian
    8 bytes     length of all arrays together
    JSON        {"kind": name of the dataclass, "fields": …}; an array is {"array": [dtype, shape]}, in the same order
    arrays      their raw bytes, one after the other

Nothing is pickled or evaluated. Any other bytes raise MessageError.
"""

import json
import math
import struct
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from io import BufferedIOBase
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from ne_core.live import answers, requests

HEAD = struct.Struct("<QQ")
MOST_BYTES = 2**28  # size limit of a message
Take = Callable[[str, list[int]], np.ndarray]
DTYPES = {"bool", "int16", "int32", "int64", "float16", "float32", "float64"}
KINDS = {kind.__name__: kind for kind in (*get_args(requests.Request), *get_args(answers.Answer))}


class MessageError(ValueError):
    """Raised for bytes that are not a message."""


def encode(message: Any, **extra: Any) -> bytes:
    """Encode a request or an answer; `extra` are further fields of the JSON, beside the message."""
    arrays: list[np.ndarray] = []
    body = {"kind": type(message).__name__, "fields": plain(message, arrays), **extra}
    text = json.dumps(body).encode()
    return HEAD.pack(len(text), sum(each.nbytes for each in arrays)) + text + b"".join(map(np.ndarray.tobytes, arrays))


def plain(value: Any, arrays: list[np.ndarray]) -> Any:
    """Convert a value to JSON types; arrays are collected."""
    if isinstance(value, np.ndarray):
        arrays.append(np.ascontiguousarray(value))
        return {"array": [value.dtype.name, list(value.shape)]}
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name), arrays) for each in fields(value)}
    if isinstance(value, tuple):
        return [plain(each, arrays) for each in value]
    return value


def read_message(stream: BufferedIOBase) -> tuple[Any, dict[str, Any]]:
    """Read the next message, and the further fields of its JSON. Raises EOFError at the end of the stream."""
    n_text, n_arrays = HEAD.unpack(exactly(stream, HEAD.size))
    if n_text + n_arrays > MOST_BYTES:
        raise MessageError(f"a message of {n_text + n_arrays} bytes")
    text, raw = exactly(stream, n_text), exactly(stream, n_arrays)
    try:
        body = json.loads(text)
        kind = KINDS[body.pop("kind")]
        message = of_kind(kind, body.pop("fields"), array_taker(raw))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise MessageError(f"not a message: {type(error).__name__}") from error
    return message, body


def exactly(stream: BufferedIOBase, n: int) -> bytes:
    """Read exactly `n` bytes. Raises EOFError if the stream ends before."""
    parts: list[bytes] = []
    while n:
        part = stream.read(n)
        if not part:
            raise EOFError
        parts.append(part)
        n -= len(part)
    return b"".join(parts)


def array_taker(raw: bytes) -> Take:
    """Return a function that reads the arrays in the bytes one after the other, given dtype and shape of each."""
    start = 0

    def take(dtype: str, shape: list[int]) -> np.ndarray:
        nonlocal start
        if dtype not in DTYPES or any(type(n) is not int or n < 0 for n in shape):
            raise MessageError("not an array")
        count = math.prod(shape)
        values = np.frombuffer(raw, dtype, count, start) if count else np.empty(0, dtype)
        start += values.nbytes
        return values.reshape(shape)

    return take


def of_kind(kind: Any, value: Any, take: Take) -> Any:
    """Convert a JSON value to the declared type of its field."""
    if isinstance(value, dict) and set(value) == {"array"}:
        return take(*value["array"])
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: of_kind(hints[name], each, take) for name, each in value.items()})
    if get_origin(kind) is tuple:
        return tuple(of_kind(get_args(kind)[0], each, take) for each in value)
    if get_origin(kind) is UnionType:
        return value if value is None else of_kind(get_args(kind)[0], value, take)
    return value
