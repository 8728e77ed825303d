"""Status of the run that builds an atlas, for `status` in another terminal."""

import json
import time
from pathlib import Path

from precompute.config import ConfigError
from precompute.run.progress import duration
from precompute.run.run_folder import STATUS, is_locked, run_path


def status(out: Path) -> str:
    """Return the status as one line. Raises ConfigError if there is neither a run nor an atlas."""
    run, has_atlas = run_path(out), (out / "manifest.json").is_file()
    if not run.is_dir():
        if has_atlas:
            return f"{out}: finished"
        raise ConfigError(f"{out}: neither a run nor an atlas: `build --out {out}` builds one")
    running = is_locked(run)
    line = f"{out}: {'running' if running else 'stopped'}, {position(run, running)}"
    if not running:
        line += "; the same build command continues from there"
    return line + ("; the atlas of an earlier run is in place" if has_atlas else "")


def position(run: Path, running: bool) -> str:
    """Return the stage, its progress and the time left, as the run noted last."""
    try:
        file = run / STATUS
        note, age_s = json.loads(file.read_text(encoding="utf-8")), time.time() - file.stat().st_mtime
        line, left_s = f"stage {note['number']} of {note['n_stages']}: {note['stage']}", note["left_s"]
        if note["total"]:
            line += f", {note['done']:,} of {note['total']:,} {note['things']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "starting" if running else "before its first stage"
    if running and left_s is not None:
        line += f", about {duration(max(0, left_s - age_s))} left in it"
    return f"{line}, noted {duration(max(0, age_s))} ago"
