"""Record of a server's use of files, other machines and other processes, from Python's audit events.

Events below Python are not recorded: arrow's reading of tables, SQLite's of its file (the file's name is recorded).
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
ROOT = Path(__file__).parents[3]
PROCESSES = {"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system", "os.fork"}
PEERS = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}
CHANGES = {"os.mkdir", "os.remove", "os.rename", "os.symlink"}
LOCAL = ("127.", "::1", "localhost", "0.0.0.0", "::")


@dataclass(frozen=True)
class Event:
    """An audit event and its arguments, as Python prints them."""

    name: str
    arguments: tuple[str, ...]

    @property
    def path(self) -> Path | None:
        """Path of the file or folder; None for an open file's number or memory."""
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
    """Return the environment of a process whose events are written to this file."""
    return {"NE_AUDIT": str(to), "PYTHONPATH": str(HERE)}


def read_events(log: Path) -> list[Event]:
    rows = (json.loads(line) for line in log.read_text().splitlines())
    return [Event(name, tuple(arguments)) for name, *arguments in rows]


def remote_contacts(events: list[Event]) -> list[Event]:
    """Return contacts with other machines, excluding local sockets and listening ones."""
    return [each for each in events if each.name in PEERS and not is_local(each)]


def is_local(event: Event) -> bool:
    """Return whether an address is on this machine; its first part is the host, a single text is a local socket."""
    address = event.arguments[0]
    if address in ("None", "''") or (event.name in ("socket.connect", "socket.sendto") and not address.startswith("(")):
        return True
    return address.lstrip("(").strip("'\"b").startswith(LOCAL)


def processes(events: list[Event]) -> list[Event]:
    return [each for each in events if each.name in PROCESSES]


def files(events: list[Event]) -> Iterator[tuple[Event, Path]]:
    for each in events:
        if each.name not in PEERS | PROCESSES | {"pickle.find_class"} and (path := each.path) is not None:
            yield each, path


def outside_paths(events: list[Event], *folders: Path) -> list[Path]:
    """Return the files used outside these folders, the program and its libraries."""
    allowed = [*folders, *PROGRAM]
    return sorted({path for _, path in files(events) if not any(path.is_relative_to(each) for each in allowed)})


def written_paths(events: list[Event], *folders: Path) -> list[Path]:
    """Return the files changed outside these folders, except compiled Python modules."""
    changed = {path for each, path in files(events) if each.writes and "__pycache__" not in path.parts}
    return sorted(path for path in changed if not any(path.is_relative_to(each) for each in folders))


# The interpreter, its libraries, this project, the kernel's files, system libraries, time zones.
PROGRAM = [
    Path(os.path.normpath(each)) for each in (ROOT, sys.prefix, sys.base_prefix, Path(streamlit.__file__).parents[1])
]
PROGRAM += [Path(each) for each in ("/proc", "/sys", "/dev", "/usr/lib", "/lib", "/usr/share/zoneinfo")]
TEMPORARY = Path(tempfile.gettempdir())
# Files that libraries read if present: the user's Streamlit settings, the machine id, MIME types.
OPTIONAL_FILES = [Path("/etc/machine-id"), Path("/etc/mime.types"), Path.home() / ".streamlit"]
