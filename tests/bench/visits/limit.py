"""Memory limit of a small host: on a process's memory and the pages of files that it reads, together.

Linux enforces such limits by control groups, which root may create. Without one there is no limit, and this is
reported.
"""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

GROUPS = {Path("/sys/fs/cgroup/memory"): "memory.limit_in_bytes", Path("/sys/fs/cgroup"): "memory.max"}


@contextlib.contextmanager
def limit(n_bytes: int) -> Iterator[Callable[[subprocess.Popen], bool]]:
    """Yield a function that puts a process under the limit and returns whether it could. The process must end first."""
    group = new_group(n_bytes)

    def limited(process: subprocess.Popen) -> bool:
        if group:
            (group / "cgroup.procs").write_text(str(process.pid))
        return group is not None

    yield limited
    if group:
        group.rmdir()


def new_group(n_bytes: int) -> Path | None:
    for parent, name in GROUPS.items():
        group = parent / f"ne-load-{os.getpid()}"
        with contextlib.suppress(OSError):
            group.mkdir()
            if (group / name).exists():
                (group / name).write_text(str(n_bytes))
                return group
            group.rmdir()
    return None


def drop_page_cache(folder: Path) -> None:
    """Drop a folder's files from the page cache, so that the next reader is charged for them."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
