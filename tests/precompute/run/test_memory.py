"""Running out of memory halves how much goes through at once; every other error stays what it is."""

import numpy as np
import pytest
import torch

from precompute.errors import is_out_of_memory
from precompute.run.memory import Batches, MemoryShortageError, batches
from tests.support.fake_source import DriftingSource

OUT = (
    MemoryError("Unable to allocate 8.00 EiB for an array"),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:128] DefaultCPUAllocator: can't allocate memory: you tried to"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
)


@pytest.mark.parametrize("error", OUT, ids=lambda error: type(error).__name__)
def test_what_running_out_looks_like(error: Exception):
    assert is_out_of_memory(error)


def test_torch_and_numpy_run_out_as_expected():
    """The real thing: more than any machine has."""
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**58, dtype=torch.float32)
    assert is_out_of_memory(raised.value)
    with pytest.raises(MemoryError):
        np.empty(2**58, dtype=np.float32)


@pytest.mark.parametrize("error", [ValueError("out of memory"), RuntimeError("mat1 and mat2 shapes"), KeyError("x")])
def test_other_errors_are_not_out_of_memory(error: Exception):
    assert not is_out_of_memory(error)
    with pytest.raises(type(error)):
        Batches("examples").each(4, lambda some: raising(error))


def raising(error: Exception):
    raise error


@pytest.mark.parametrize("error", OUT, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("total", [1, 5, 32])
def test_all_is_done_in_order_whatever_fits(error: Exception, total: int):
    for fits in range(1, total + 1):
        several = Batches("examples")
        done = several.each(total, lambda some, fits=fits: raising(error) if some.stop - some.start > fits else some)
        assert [at for some in done for at in range(some.start, some.stop)] == list(range(total))
        assert (several.most is None) == (fits == total)


def test_one_that_does_not_fit_is_said_in_one_line():
    with pytest.raises(MemoryShortageError, match="out of memory with one of the examples at a time") as raised:
        Batches("examples").each(8, lambda some: raising(OUT[1]))
    assert "\n" not in str(raised.value)


def test_what_fitted_is_remembered_for_a_source_and_kind_of_work():
    one, other = DriftingSource(), DriftingSource()
    batches(one, "examples").most = 4
    assert batches(one, "examples").most == 4
    assert batches(one, "masked prompts").most is None
    assert batches(other, "examples").most is None


def test_nothing_to_do():
    assert Batches("examples").each(0, raising) == []
