"""What a build keeps while it runs, beside the atlas that it makes: its settings, a lock, and every finished unit."""

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
from precompute.run.checkpoints import CheckpointError, Checkpoints, put

SETTINGS, STATUS, LOCK = "run.json", "status.json", "lock"
PATIENCE_S = 0.5  # a run that is just removing its folder, or `status`, has the lock for a moment


class RunFolder:
    """A folder that this process alone works in; see `run_folder`."""

    def __init__(self, path: Path):
        self.path = path
        if not (path / SETTINGS).exists():  # killed while it was removed: nobody knows what its units were made with
            forget(path)
        # settings that no unit was made with bind nobody
        self.begun = settings_of(path / SETTINGS) if self.has_units else {}

    def stage(self, name: str) -> Checkpoints:
        return Checkpoints(self.path / name)

    def agree(self, settings: Mapping[str, Any]) -> None:
        """Note what this run is made with. Raises ConfigError when a unit of it was made with something else."""
        given, begun = json.loads(json.dumps(settings)), self.begun
        changed = [name for name in given if name in begun and begun[name] != given[name]]
        if changed:
            told = "; ".join(f"{name} was {shown(begun[name])} and is {shown(given[name])}" for name in changed[:3])
            raise ConfigError(
                f"{self.path} holds a run that was begun otherwise ({told}): delete it, or begin anew with --restart"
            )
        self.begun = {**begun, **given}
        write_whole(self.path / SETTINGS, json.dumps(self.begun, indent=1, sort_keys=True))

    def note(self, standing: Mapping[str, Any]) -> None:
        """What `status` shows of this run."""
        with suppress(CheckpointError):  # a courtesy: what the run cannot do without tells of a full disk itself
            write_whole(self.path / STATUS, json.dumps(standing))

    @property
    def has_units(self) -> bool:
        """Whether anything is finished that a later run could go on from."""
        return any(self.path.glob("*/*.npz"))

    def remove(self) -> None:
        """The lock last: nobody else may begin here while there is something left."""
        forget(self.path)
        (self.path / LOCK).unlink()
        with suppress(OSError):  # another run has begun since
            self.path.rmdir()


def shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}…"


def write_whole(path: Path, text: str) -> None:
    with put(path) as half:
        half.write_text(text, encoding="utf-8")


def settings_of(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{file} is damaged: --restart begins the run anew") from error


def forget(path: Path) -> None:
    """Everything in a run folder but its lock; the settings first, without which no unit is taken up again."""
    (path / SETTINGS).unlink(missing_ok=True)
    for old in path.iterdir():
        if old.name != LOCK:
            shutil.rmtree(old) if old.is_dir() else old.unlink()


def run_path(out: Path) -> Path:
    """Where the run that makes the atlas `out` keeps its units."""
    return sibling_path(destination(out), "run")


@contextmanager
def run_folder(out: Path, restart: bool = False) -> Iterator[RunFolder]:
    """The run folder of the atlas `out`, locked while in use; `restart` forgets what an earlier run had finished."""
    path = run_path(out)
    with locked(path, out):
        clear_up(destination(out))
        if restart:
            forget(path)
        run = RunFolder(path)
        try:
            yield run
        finally:
            if path.exists() and not run.has_units:  # refused before anything was done: leaves no trace
                run.remove()


@contextmanager
def locked(path: Path, out: Path) -> Iterator[None]:
    """The folder, made if need be, for this process alone. The kernel lets go of the lock when the process dies."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = locked_file(path / LOCK, lambda: None, PATIENCE_S)
    except filelock.Timeout:
        raise ConfigError(f"{out}: another run is making it; `status {out}` shows where it stands") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror}): name another --out") from error
    with lock:
        yield


def is_locked(path: Path) -> bool:
    """Whether some process works in the folder now."""
    return (path / LOCK).exists() and in_use(path / LOCK)
