"""A step of a build as one object: progress, checkpoints, resuming, engines and `status` follow from it.

A step's functions request their inputs by the names of their parameters: the name of an earlier step for its result,
an attribute of `Prepared`, or one of

    checkpoints   finished units of the step           run      folder of the whole run
    on_progress   progress callback (done, total)      engine   engine that computes the units
    work          result of the step's `work`          load     arrays of a finished unit, by its number
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from precompute.run.engines import Engine
from precompute.run.progress import Progress, Stage
from precompute.run.run_folder import RunFolder
from precompute.run.work import finish


@dataclass(frozen=True)
class Step:
    """One step: `work` cuts the computation into units, or returns None; `make` joins the results of the units.

    `name` is the key of its result and the name of its folder of checkpoints; `title` and `things` are shown to the
    user. `facts` returns the fields that the step adds to the manifest.
    """

    name: str
    title: str
    things: str
    make: Callable[..., Any]
    work: Callable[..., Any] = lambda: None
    facts: Callable[..., Mapping[str, Any]] = lambda: {}


class Build:
    """Steps of one run in their order, with their results by name."""

    def __init__(self, prepared: Any, run: RunFolder, engine: Engine):
        self.prepared, self.run, self.engine = prepared, run, engine
        self.results: dict[str, Any] = {}

    def do(self, steps: Sequence[Step], progress: Progress) -> None:
        """Run the steps, continuing from the units that an earlier run finished."""
        for step in steps:
            with progress.stage(step.title, step.things) as on_progress:
                self.results[step.name] = self.result(step, on_progress)

    def result(self, step: Step, on_progress: Stage) -> Any:
        checkpoints = self.run.stage(step.name)
        arguments = {"run": self.run, "engine": self.engine, "checkpoints": checkpoints, "on_progress": on_progress}
        work = self.call(step.work, arguments)
        if work is not None:
            finish(work, checkpoints, self.engine, on_progress)
        return self.call(step.make, {**arguments, "work": work, "load": checkpoints.load})

    def facts(self, steps: Sequence[Step]) -> dict[str, Any]:
        """Return the fields of the manifest that finished steps add."""
        return {name: value for step in steps for name, value in self.call(step.facts, {}).items()}

    def call(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        values, names = {**arguments, **self.results}, inspect.signature(function).parameters
        return function(**{name: values[name] if name in values else getattr(self.prepared, name) for name in names})
