"""A limit of memory, as a small host has it: what a process takes and the pages of files that it reads, together.

Linux keeps such limits in control groups, which a root user may make. Without one there is no limit, and it is said so.
"""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

GROUPS = {Path("/sys/fs/cgroup/memory"): "memory.limit_in_bytes", Path("/sys/fs/cgroup"): "memory.max"}


@contextlib.contextmanager
def limit(n_bytes: int) -> Iterator[Callable[[subprocess.Popen], bool]]:
    """What puts a process under the limit, and says whether it could. The process must end before the block does."""
    group = made(n_bytes)

    def limited(process: subprocess.Popen) -> bool:
        if group:
            (group / "cgroup.procs").write_text(str(process.pid))
        return group is not None

    yield limited
    if group:
        group.rmdir()


def made(n_bytes: int) -> Path | None:
    for parent, name in GROUPS.items():
        group = parent / f"ne-load-{os.getpid()}"
        with contextlib.suppress(OSError):
            group.mkdir()
            if (group / name).exists():
                (group / name).write_text(str(n_bytes))
                return group
            group.rmdir()
    return None


def cold(folder: Path) -> None:
    """Forget what of a folder's files is in memory, so that who reads them next has them on their account."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
