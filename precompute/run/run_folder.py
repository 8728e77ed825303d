"""Run folder of a build, beside its atlas: the settings, a lock, and every finished unit."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock

from ne_core.sharing.atomic_write import clear_up, sibling_path
from ne_core.sharing.destination import destination
from ne_core.sharing.locks import in_use
from ne_core.sharing.locks import locked as locked_file
from precompute.config import ConfigError
from precompute.run.checkpoints import CheckpointError, Checkpoints, atomic_file

SETTINGS, STATUS, LOCK = "run.json", "status.json", "lock"
PATIENCE_S = 0.5  # a run that is removing its folder, or `status`, holds the lock for a moment


class RunFolder:
    """Folder locked by this process; see `run_folder`."""

    def __init__(self, path: Path):
        self.path = path
        if not (path / SETTINGS).exists():  # killed while it was removed: the settings of its units are unknown
            clear(path)
        # settings of a run without units may change
        self.recorded = read_settings(path / SETTINGS) if self.has_units else {}

    def stage(self, name: str) -> Checkpoints:
        return Checkpoints(self.path / name)

    def record_settings(self, settings: Mapping[str, Any]) -> None:
        """Record the settings of this run. Raises ConfigError if its units were computed with different ones."""
        current, recorded = json.loads(json.dumps(settings)), self.recorded
        changed = [name for name in current if name in recorded and recorded[name] != current[name]]
        if changed:
            changes = "; ".join(
                f"{name} was {shortened(recorded[name])} and is {shortened(current[name])}" for name in changed[:3]
            )
            raise ConfigError(
                f"{self.path} holds a run that was started with different settings ({changes}): "
                "delete it, or start again with --restart"
            )
        self.recorded = {**recorded, **current}
        write_atomically(self.path / SETTINGS, json.dumps(self.recorded, indent=1, sort_keys=True))

    def note(self, status: Mapping[str, Any]) -> None:
        """Write the status file, which `status` reads."""
        with suppress(CheckpointError):  # on a full disk the next unit raises
            write_atomically(self.path / STATUS, json.dumps(status))

    @property
    def has_units(self) -> bool:
        """True if a unit is finished, from which a later run can continue."""
        return any(self.path.glob("*/*.npz"))

    def remove(self) -> None:
        """Delete the folder, the lock last: no other run may start here before."""
        clear(self.path)
        (self.path / LOCK).unlink()
        with suppress(OSError):  # another run has started
            self.path.rmdir()


def shortened(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}…"


def write_atomically(path: Path, text: str) -> None:
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_settings(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{file} is damaged: start the run again with --restart") from error


def clear(path: Path) -> None:
    """Delete everything in a run folder but its lock; the settings first, without which no unit is reused."""
    (path / SETTINGS).unlink(missing_ok=True)
    for old in path.iterdir():
        if old.name != LOCK:
            shutil.rmtree(old) if old.is_dir() else old.unlink()


def run_path(out: Path) -> Path:
    """Return the run folder of the atlas `out`."""
    return sibling_path(destination(out), "run")


@contextmanager
def run_folder(out: Path, restart: bool = False) -> Iterator[RunFolder]:
    """Open the run folder of the atlas `out`, locked while in use; `restart` deletes the units of an earlier run."""
    path = run_path(out)
    with locked(path, out):
        clear_up(destination(out))
        if restart:
            clear(path)
        run = RunFolder(path)
        try:
            yield run
        finally:
            if path.exists() and not run.has_units:  # refused before the first unit: leave nothing behind
                run.remove()


@contextmanager
def locked(path: Path, out: Path) -> Iterator[None]:
    """Create and lock the folder for this process. The kernel releases the lock when the process dies."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = locked_file(path / LOCK, lambda: None, PATIENCE_S)
    except filelock.Timeout:
        raise ConfigError(f"{out}: another run is building it: `status {out}` shows its progress") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror}): name another --out") from error
    with lock:
        yield


def is_locked(path: Path) -> bool:
    """Return whether a process is working in the folder."""
    return (path / LOCK).exists() and in_use(path / LOCK)
