"""Two processes on one machine fetch once, and do not remove what the other shows. Locks go when their process does."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

EVERY_S = 0.2
log = logging.getLogger(__name__)


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file for the block; `waiting` is called while another process does."""
    if fcntl is None:
        log.warning("this system has no file locks: let one process at a time fetch into %s", path.parent)
        yield
        return
    handle = acquired(path, waiting)
    try:
        yield
    finally:
        os.close(handle)


def acquired(path: Path, waiting: Callable[[], None]) -> int:
    """The open lock file. One that was removed meanwhile locks nothing: then the one in its place is taken."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        while not taken(handle, fcntl.LOCK_EX):
            waiting()
            time.sleep(EVERY_S)
        if path.exists() and path.stat().st_ino == os.fstat(handle).st_ino:
            return handle
        os.close(handle)


def taken(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def hold(path: Path) -> None:
    """Say for as long as this process lives that it uses what the file stands for."""
    if fcntl is not None:
        taken(os.open(path, os.O_RDONLY), fcntl.LOCK_SH)


def in_use(path: Path) -> bool:
    """Whether any process, this one included, holds the file; said of every file where there are no locks."""
    if fcntl is None:
        return True
    handle = os.open(path, os.O_RDONLY)
    try:
        return not taken(handle, fcntl.LOCK_EX)
    finally:
        os.close(handle)
