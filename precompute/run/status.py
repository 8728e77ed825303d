"""Where the run that makes an atlas stands, for whoever asks from another terminal."""

import json
import time
from pathlib import Path

from precompute.config import ConfigError
from precompute.run.progress import duration
from precompute.run.run_folder import STATUS, is_locked, run_path


def status(out: Path) -> str:
    """One line. Raises ConfigError where there is neither a run nor an atlas."""
    run, there = run_path(out), (out / "manifest.json").is_file()
    if not run.is_dir():
        if there:
            return f"{out}: finished"
        raise ConfigError(f"{out}: neither a run nor an atlas: `build --out {out}` makes one")
    running = is_locked(run)
    told = f"{out}: {'running' if running else 'stopped'}, {standing(run, running)}"
    if not running:
        told += "; the same build command goes on from there"
    return told + ("; the atlas of an earlier run is in place" if there else "")


def standing(run: Path, running: bool) -> str:
    """The stage, how far it is, and the time it has left, as the run noted last."""
    try:
        file = run / STATUS
        note, ago = json.loads(file.read_text(encoding="utf-8")), time.time() - file.stat().st_mtime
        line, left_s = f"stage {note['number']} of {note['n_stages']}: {note['stage']}", note["left_s"]
        if note["total"]:
            line += f", {note['done']:,} of {note['total']:,} {note['things']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "starting" if running else "before its first stage"
    if running and left_s is not None:
        line += f", about {duration(max(0, left_s - ago))} left in it"
    return f"{line}, noted {duration(max(0, ago))} ago"
