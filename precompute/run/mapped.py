"""Memory-mapped arrays."""

import mmap

import numpy as np


def release_pages(array: np.ndarray) -> None:
    """Release the memory of a mapped array's pages; the numbers stay on disk and can be read again.

    The system would do so only when memory runs short, and until then a run would seem to need all of x.
    """
    if isinstance(array, np.memmap) and isinstance(array.base, mmap.mmap):
        array.base.madvise(mmap.MADV_DONTNEED)
