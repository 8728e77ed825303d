"""Command `fetch`: an atlas from elsewhere as a directory. It does not import torch."""

from pathlib import Path

from ne_core.amounts import megabytes
from ne_core.atlas.read_manifest import read_manifest
from ne_core.sharing.remote.fetch import fetch_to
from ne_core.sharing.remote.source import parse
from precompute.run.progress import Progress, Stage


def fetch_source(source: str, out: Path | None, inputs: bool) -> str:
    """Fetch into data/ under the source's name by default; returns a report. Raises AtlasError in one line."""
    parsed = parse(source)
    out = out or Path("data") / parsed.name
    with Progress(1).stage("fetch", "bytes") as stage:
        result = fetch_to(parsed, out, inputs, StageProgress(stage))
    manifest = read_manifest(out)
    origin = f"{result.source}, version {result.version}"
    return (
        f"{out}: {megabytes(manifest.size)} from {origin}, {'with' if manifest.inputs else 'without'} inputs, checked"
    )


class StageProgress:
    """Progress callback of a stage; bytes present at the start count as done before."""

    def __init__(self, stage: Stage):
        self.stage, self.started = stage, False

    def __call__(self, done: int, whole: int) -> None:
        if not self.started:
            self.stage.already(done)
            self.started = True
        self.stage(done, whole)
