"""Running out of memory halves the batch size; all other errors are raised."""

import numpy as np
import pytest
import torch

from precompute.errors import is_out_of_memory
from precompute.run.memory import Batches, MemoryShortageError, batches
from tests.support.fake_source import DriftingSource

OUT_OF_MEMORY = (
    MemoryError("Unable to allocate 8.00 EiB for an array"),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:128] DefaultCPUAllocator: can't allocate memory: you tried to"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
)


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: type(error).__name__)
def test_errors_of_every_library_are_recognised(error: Exception):
    assert is_out_of_memory(error)


def test_torch_and_numpy_raise_the_expected_errors():
    """Allocate more than any machine has."""
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**58, dtype=torch.float32)
    assert is_out_of_memory(raised.value)
    with pytest.raises(MemoryError):
        np.empty(2**58, dtype=np.float32)


@pytest.mark.parametrize("error", [ValueError("out of memory"), RuntimeError("mat1 and mat2 shapes"), KeyError("x")])
def test_other_errors_are_not_out_of_memory(error: Exception):
    assert not is_out_of_memory(error)
    with pytest.raises(type(error)):
        Batches("examples").each(4, lambda some: raise_error(error))


def raise_error(error: Exception):
    raise error


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("total", [1, 5, 32])
def test_all_slices_are_done_in_order_for_any_limit(error: Exception, total: int):
    for fits in range(1, total + 1):
        batches_of_examples = Batches("examples")
        slices = batches_of_examples.each(
            total, lambda some, fits=fits: raise_error(error) if some.stop - some.start > fits else some
        )
        assert [index for some in slices for index in range(some.start, some.stop)] == list(range(total))
        assert (batches_of_examples.limit is None) == (fits == total)


def test_batch_of_one_that_does_not_fit_is_one_line():
    with pytest.raises(MemoryShortageError, match="out of memory with one of the examples at a time") as raised:
        Batches("examples").each(8, lambda some: raise_error(OUT_OF_MEMORY[1]))
    assert "\n" not in str(raised.value)


def test_limit_is_kept_per_source_and_kind_of_work():
    one, other = DriftingSource(), DriftingSource()
    batches(one, "examples").limit = 4
    assert batches(one, "examples").limit == 4
    assert batches(one, "masked prompts").limit is None
    assert batches(other, "examples").limit is None


def test_empty_work():
    assert Batches("examples").each(0, raise_error) == []
