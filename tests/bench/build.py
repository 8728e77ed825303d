"""A whole build in a process of its own: seconds of each step, and peak memory."""

import multiprocessing
import resource
from dataclasses import dataclass

from precompute.config import RunConfig


@dataclass(frozen=True)
class BuildFigures:
    """Seconds by step, peak resident memory in GB with pages of mapped files, and counts of the atlas."""

    seconds: dict[str, float]
    peak_gb: float
    n_neurons: int
    n_rows: int
    n_features: int
    n_passes: int

    @property
    def total_s(self) -> float:
        return sum(self.seconds.values())


def measure_build(config: RunConfig) -> BuildFigures:
    """Build in a new process, since peak memory is counted over the life of a process."""
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    child = context.Process(target=run_build, args=(config, queue))
    child.start()
    child.join()
    if child.exitcode:
        raise RuntimeError(f"the build of {config.directory} ended with {child.exitcode}")
    return queue.get()


def run_build(config: RunConfig, queue) -> None:
    from ne_core.atlas import Atlas
    from precompute.build import build
    from precompute.demo_model.quiet import quiet

    quiet()
    result = build(config)
    atlas = Atlas.open(result.directory)
    queue.put(
        BuildFigures(
            result.seconds,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
            result.n_neurons,
            int(atlas.neurons["n_examples"].sum()),
            result.n_features,
            atlas.manifest.importance.passes,
        )
    )
