"""Arrays on disk that are read through memory."""

import mmap

import numpy as np


def let_go(array: np.ndarray) -> None:
    """Give the memory back that reading a mapped array has taken; the numbers stay on disk and can be read again.

    The system would do so when memory runs short, and until then a run would seem to need all of x.
    """
    if isinstance(array, np.memmap) and isinstance(array.base, mmap.mmap):
        array.base.madvise(mmap.MADV_DONTNEED)
