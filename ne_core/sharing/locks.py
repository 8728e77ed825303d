"""Locks between processes: two fetch once, and neither removes what the other shows. The kernel releases them."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from filelock import FileLock

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

EVERY_S = 0.2


def locked(path: Path, on_wait: Callable[[], None], timeout_s: float = -1) -> AbstractContextManager:
    """Hold the lock file for the block; `on_wait` is called while another process holds it. Raises filelock.Timeout."""
    # a soft lock would outlive its process
    lock = FileLock(path, timeout=timeout_s, poll_interval=EVERY_S, fallback_to_soft=False)
    return lock.acquire(cancel_check=lambda: bool(on_wait()))


def hold(path: Path) -> None:
    """Mark the file as used until this process ends, by a shared lock, which filelock offers only with SQLite."""
    if fcntl is not None:
        fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_SH | fcntl.LOCK_NB)


def in_use(path: Path) -> bool:
    """Return whether any process, this one included, locks the file; always true where there are no shared locks."""
    if fcntl is None:
        return True
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
