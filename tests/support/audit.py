"""What a server does with files, other machines and other processes: written down by Python's own audit events.

What libraries do below Python is not heard: arrow reads tables there, SQLite its file (whose name is heard).
"""

import ast
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

import streamlit

HERE = Path(__file__).parent / "audited"
ROOT = Path(__file__).parents[2]
PROCESSES = {"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system", "os.fork"}
PEERS = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}
CHANGES = {"os.mkdir", "os.remove", "os.rename", "os.symlink"}
OURS = ("127.", "::1", "localhost", "0.0.0.0", "::")


@dataclass(frozen=True)
class Event:
    """What was done, and to what, as Python writes it."""

    name: str
    arguments: tuple[str, ...]

    @property
    def path(self) -> Path | None:
        """The file or folder; None where a number of an open file, or memory, stands for it."""
        value = ast.literal_eval(self.arguments[0]) if self.arguments[0][:1] in "'\"b" else None
        text = os.fsdecode(value) if value is not None else self.arguments[0]
        if value is None and not text.startswith("PosixPath("):
            return None
        text = text if value is not None else text[len("PosixPath('") : -2]
        text = unquote(urlparse(text).path) if text.startswith("file:") else text
        return Path(os.path.normpath(ROOT / text))

    @property
    def writes(self) -> bool:
        if self.name != "open":
            return self.name in CHANGES
        mode, flags = self.arguments[1:]
        return any(letter in mode.strip("'") for letter in "wax+") or bool(
            int(flags) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        )


def environment(to: Path) -> dict[str, str]:
    """For a process whose doings are to be written down there."""
    return {"NE_AUDIT": str(to), "PYTHONPATH": str(HERE)}


def events(written: Path) -> list[Event]:
    rows = (json.loads(line) for line in written.read_text().splitlines())
    return [Event(name, tuple(arguments)) for name, *arguments in rows]


def elsewhere(found: list[Event]) -> list[Event]:
    """Words with other machines: not sockets of this machine's files, nor those that listen."""
    return [each for each in found if each.name in PEERS and not here(each)]


def here(event: Event) -> bool:
    """The first part of an address is its host; a text alone is a socket among this machine's files."""
    address = event.arguments[0]
    if address in ("None", "''") or (event.name in ("socket.connect", "socket.sendto") and not address.startswith("(")):
        return True
    return address.lstrip("(").strip("'\"b").startswith(OURS)


def processes(found: list[Event]) -> list[Event]:
    return [each for each in found if each.name in PROCESSES]


def files(found: list[Event]) -> Iterator[tuple[Event, Path]]:
    for each in found:
        if each.name not in PEERS | PROCESSES | {"pickle.find_class"} and (path := each.path) is not None:
            yield each, path


def outside(found: list[Event], *folders: Path) -> list[Path]:
    """Files that were touched and lie neither in these folders nor in the program and its libraries."""
    allowed = [*folders, *PROGRAM]
    return sorted({path for _, path in files(found) if not any(path.is_relative_to(each) for each in allowed)})


def written(found: list[Event], *folders: Path) -> list[Path]:
    """Files that were changed outside these folders; what Python compiles of its modules is its own."""
    changed = {path for each, path in files(found) if each.writes and "__pycache__" not in path.parts}
    return sorted(path for path in changed if not any(path.is_relative_to(each) for each in folders))


# The interpreter, its libraries, this project; what the kernel says; where the system says what time and which types.
PROGRAM = [
    Path(os.path.normpath(each)) for each in (ROOT, sys.prefix, sys.base_prefix, Path(streamlit.__file__).parents[1])
]
PROGRAM += [Path(each) for each in ("/proc", "/sys", "/dev", "/usr/lib", "/lib", "/usr/share/zoneinfo")]
TEMPORARY = Path(tempfile.gettempdir())
# What libraries look for and do without: Streamlit's settings of this user, and a name that it knows this machine by.
LOOKED_FOR = [Path("/etc/machine-id"), Path("/etc/mime.types"), Path.home() / ".streamlit"]
