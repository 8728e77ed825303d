"""An atlas from elsewhere as a directory, from the command line. It starts where there is no torch, too."""

from pathlib import Path

from ne_core.amounts import megabytes
from ne_core.atlas.read_manifest import read_manifest
from ne_core.sharing.remote.fetch import fetch_to
from ne_core.sharing.remote.source import parse
from precompute.run.progress import Progress, Stage


def fetched(source: str, out: Path | None, inputs: bool) -> str:
    """Fetch it, into data/ under its name unless told; what to say of it. Raises AtlasError in one line."""
    found = parse(source)
    out = out or Path("data") / found.name
    with Progress(1).stage("fetch", "bytes") as stage:
        here = fetch_to(found, out, inputs, Told(stage))
    manifest = read_manifest(out)
    held = "with" if manifest.inputs else "without"
    return f"{out}: {megabytes(manifest.size)} from {here.source}, version {here.version}, {held} inputs, checked"


class Told:
    """How far it is, for a stage; what is there at the beginning came in an earlier run."""

    def __init__(self, stage: Stage):
        self.stage, self.begun = stage, False

    def __call__(self, done: int, whole: int) -> None:
        if not self.begun:
            self.stage.already(done)
            self.begun = True
        self.stage(done, whole)
