"""A whole build in a process of its own: the time of each stage, the memory it took."""

import multiprocessing
import resource
from dataclasses import dataclass

from precompute.config import RunConfig


@dataclass(frozen=True)
class Measured:
    """Seconds by stage; peak resident memory, GB, with pages of mapped files in it; what the atlas holds."""

    seconds: dict[str, float]
    peak_gb: float
    n_neurons: int
    n_rows: int
    n_features: int
    n_passes: int

    @property
    def total_s(self) -> float:
        return sum(self.seconds.values())


def measured(config: RunConfig) -> Measured:
    """In a new process, since memory that was once taken is counted for as long as a process lives."""
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    child = context.Process(target=run, args=(config, queue))
    child.start()
    child.join()
    if child.exitcode:
        raise RuntimeError(f"the build of {config.directory} ended with {child.exitcode}")
    return queue.get()


def run(config: RunConfig, queue) -> None:
    from ne_core.atlas import Atlas
    from precompute.build import build
    from precompute.demo_model.quiet import quiet

    quiet()
    built = build(config)
    atlas = Atlas.open(built.directory)
    queue.put(
        Measured(
            built.seconds,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
            built.n_neurons,
            int(atlas.neurons["n_examples"].sum()),
            built.n_features,
            atlas.manifest.importance.passes,
        )
    )
