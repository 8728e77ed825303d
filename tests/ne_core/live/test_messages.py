"""Requests and answers are decoded from their bytes unchanged; other bytes are refused."""

import io

import numpy as np
import pytest

from ne_core.live import answers, requests
from ne_core.live.messages import HEAD, MessageError, encode, read_message
from ne_core.method.contributions import Parts

NUMBERS = [np.arange(3, dtype=kind) for kind in ("int64", "int64", "int64", "float32", "float32")]
ASSIGNED = [np.arange(3, dtype=kind) for kind in ("int64", "float32", "float32", "float32")]
FIRED = answers.Firings(*NUMBERS, *ASSIGNED, np.array([True, False, True]))
NONE = np.zeros(0, np.int64)
MESSAGES = [
    requests.OpenModel(),
    requests.ReadText("a\udc80\x00<b>", 0.5, None),
    requests.TakeOut("text", (requests.Removal(1, 2), requests.Removal(3, 4, 5)), None, 2, 0.7),
    answers.Refused("no"),
    answers.Ready(True, Parts(True, 4, False), ("a note",)),
    answers.Ready(False, None, ()),
    answers.Why(0, 1, 2, Parts(False, 2, True), np.zeros(3, np.float32), 1.5, NONE, NONE, ()),
]


def same(a, b) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if hasattr(a, "__dataclass_fields__"):
        return type(a) is type(b) and all(same(getattr(a, name), getattr(b, name)) for name in a.__dataclass_fields__)
    return a == b


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: type(each).__name__)
def test_comes_back(message):
    result, extra = read_message(io.BytesIO(encode(message, atlas="here")))
    assert same(message, result)
    assert extra == {"atlas": "here"}


def test_arrays_come_back_whatever_their_shape():
    nothing = np.full((3, 5), np.nan, dtype=np.float32)
    read = answers.TextRead(
        np.arange(3, dtype=np.int32), np.ones(3, bool), True, np.arange(2), np.zeros((2, 3), np.int64), FIRED, 3,
        nothing[:, 0], np.full((3, 5), -1), nothing, ("cut",),
    )  # fmt: skip
    assert same(read, read_message(io.BytesIO(encode(read)))[0])


def test_one_after_the_other():
    stream = io.BytesIO(b"".join(map(encode, MESSAGES)))
    assert all(same(each, read_message(stream)[0]) for each in MESSAGES)
    with pytest.raises(EOFError):
        read_message(stream)


def framed(text: bytes, arrays: bytes = b"") -> bytes:
    return HEAD.pack(len(text), len(arrays)) + text + arrays


@pytest.mark.parametrize(
    "raw",
    [
        framed(b"{"),
        framed(b"[]"),
        framed(b'{"kind": "os", "fields": {}}'),
        framed(b'{"kind": "Refused", "fields": {"other": 1}}'),
        framed(b'{"kind": "Refused", "fields": {"message": {"array": ["object", [1]]}}}', b"12345678"),
        framed(b'{"kind": "Refused", "fields": {"message": {"array": ["float64", [-1]]}}}', b"12345678"),
        framed(b'{"kind": "Refused", "fields": {"message": {"array": ["float64", [2]]}}}', b"12345678"),
        HEAD.pack(2**60, 0),
    ],
)
def test_what_is_no_message_is_refused(raw):
    with pytest.raises(MessageError):
        read_message(io.BytesIO(raw))


@pytest.mark.parametrize("n", [0, 7, 20])
def test_a_stream_that_breaks_off_has_ended(n):
    with pytest.raises(EOFError):
        read_message(io.BytesIO(encode(MESSAGES[2])[:n]))
