"""Computation of the unfinished units of a step by an engine; each unit is saved as soon as it is done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from precompute.run.checkpoints import Checkpoints
from precompute.run.engines import Engine, LocalEngine

Result = Mapping[str, np.ndarray]
Load = Callable[[int], Result]  # returns the arrays of a finished unit, by its number


@dataclass(frozen=True)
class Work:
    """Work of a step: `function(job, payload(unit))` for every unit; `size(unit)` is its number of things for progress.

    `cores` None means that one unit uses the whole machine, 1 that it uses one core. `few`: too little work to start a
    pool of workers; `local`: the job names files of this machine. `on_result` is called with each new result.
    """

    function: Callable[[Any, Any], Result]
    job: Any
    units: Sequence[int]
    cores: int | None
    payload: Callable[[int], Any] = field(default=lambda unit: unit)
    size: Callable[[int], int] = field(default=lambda unit: 1)
    on_result: Callable[[int, Result], None] = field(default=lambda unit, result: None)
    few: bool = False
    local: bool = False


def finish(work: Work, checkpoints: Checkpoints, engine: Engine, on_progress: Callable[[int, int], None]) -> None:
    """Compute and save every unfinished unit; `on_progress.already` gets the number done by an earlier run."""
    before = checkpoints.done()
    total = sum(map(work.size, work.units))
    done = sum(work.size(unit) for unit in work.units if unit in before)
    on_progress.already(done)
    on_progress(done, total)
    missing = ((unit, work.payload(unit)) for unit in work.units if unit not in before)
    unit_engine, cores = LocalEngine() if work.few or work.local else engine, None if work.few else work.cores
    for unit, result in unit_engine.map(work.function, work.job, missing, cores):
        checkpoints.save(unit, result)
        work.on_result(unit, result)
        done += work.size(unit)
        on_progress(done, total)
