"""The units of a stage that are not done yet, computed by an engine, each kept as soon as it is done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from precompute.run.checkpoints import Checkpoints
from precompute.run.engines import Engine, LocalEngine

Result = Mapping[str, np.ndarray]
Load = Callable[[int], Result]  # a finished unit, by its number


@dataclass(frozen=True)
class Work:
    """A stage: `function(job, payload(unit))` for every unit; `size(unit)` counts the things that progress is told in.

    `cores` None means that one unit keeps the whole machine busy, 1 that it computes on one core. `few`: it is done
    before a pool of workers has started; `local`: its job names files of this machine. `seen` is shown each new result.
    """

    function: Callable[[Any, Any], Result]
    job: Any
    units: Sequence[int]
    cores: int | None
    payload: Callable[[int], Any] = field(default=lambda unit: unit)
    size: Callable[[int], int] = field(default=lambda unit: 1)
    seen: Callable[[int, Result], None] = field(default=lambda unit, result: None)
    few: bool = False
    local: bool = False


def finish(work: Work, kept: Checkpoints, engine: Engine, told: Callable[[int, int], None]) -> None:
    """Every unit done and kept. `told.already` hears what an earlier run did."""
    before = kept.done()
    total = sum(map(work.size, work.units))
    done = sum(work.size(unit) for unit in work.units if unit in before)
    told.already(done)
    told(done, total)
    missing = ((unit, work.payload(unit)) for unit in work.units if unit not in before)
    where, cores = LocalEngine() if work.few or work.local else engine, None if work.few else work.cores
    for unit, result in where.map(work.function, work.job, missing, cores):
        kept.save(unit, result)
        work.seen(unit, result)
        done += work.size(unit)
        told(done, total)
