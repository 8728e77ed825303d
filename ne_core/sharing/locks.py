"""Locks between processes: two fetch once, and neither removes what the other shows. The kernel ends them."""

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


def locked(path: Path, waiting: Callable[[], None], timeout_s: float = -1) -> AbstractContextManager:
    """Hold the lock file for the block; `waiting` is called while another process does. Raises filelock.Timeout."""
    # a soft lock would outlive its process
    lock = FileLock(path, timeout=timeout_s, poll_interval=EVERY_S, fallback_to_soft=False)
    return lock.acquire(cancel_check=lambda: bool(waiting()))


def hold(path: Path) -> None:
    """Mark the file as used for as long as this process lives. A shared lock, which filelock has only with SQLite."""
    if fcntl is not None:
        fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_SH | fcntl.LOCK_NB)


def in_use(path: Path) -> bool:
    """Whether any process, this one included, locks the file; true of every file where there are no shared locks."""
    if fcntl is None:
        return True
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
