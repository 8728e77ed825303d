"""The units of a stage that are not done yet, computed by an engine, each kept as soon as it is done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from precompute.run.checkpoints import Checkpoints
from precompute.run.engines import Engine

Result = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Work:
    """A stage: `function(job, payload(unit))` for every unit; `size(unit)` counts the things that progress is told in.

    `cores` None means that one unit keeps the whole machine busy, 1 that it computes on one core.
    """

    function: Callable[[Any, Any], Result]
    job: Any
    units: Sequence[int]
    cores: int | None
    payload: Callable[[int], Any] = field(default=lambda unit: unit)
    size: Callable[[int], int] = field(default=lambda unit: 1)


def finish(
    work: Work,
    kept: Checkpoints,
    engine: Engine,
    told: Callable[[int, int], None],
    seen: Callable[[int, Result], None] = lambda unit, result: None,
) -> None:
    """Every unit done and kept. `told.already` hears what an earlier run did, `seen` is shown each new result."""
    before = kept.done()
    total = sum(map(work.size, work.units))
    done = sum(work.size(unit) for unit in work.units if unit in before)
    told.already(done)
    told(done, total)
    missing = ((unit, work.payload(unit)) for unit in work.units if unit not in before)
    for unit, result in engine.map(work.function, work.job, missing, work.cores):
        kept.save(unit, result)
        seen(unit, result)
        done += work.size(unit)
        told(done, total)
