"""A step of a build as one object: progress, checkpoints, resuming, engines and `status` follow from it.

A step's functions say what they need by the names of their parameters: the name of an earlier step for what that made,
an attribute of what the build prepared, or one of

    checkpoints   the step's own finished units       run      the folder of the whole run
    on_progress   how far it is: (done, total)        engine   where units are computed
    work          what its `work` returned            load     a finished unit's arrays, by its number
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
    """`work` cuts what is to be computed into units, or returns None; `make` puts the finished units together.

    What it makes goes by its `name`, as its folder of checkpoints does; `title` and `things` are for people.
    `facts` returns the fields that it adds to the manifest.
    """

    name: str
    title: str
    things: str
    make: Callable[..., Any]
    work: Callable[..., Any] = lambda: None
    facts: Callable[..., Mapping[str, Any]] = lambda: {}


class Build:
    """The steps of one run in their order; `made` holds what each has made."""

    def __init__(self, prepared: Any, run: RunFolder, engine: Engine):
        self.prepared, self.run, self.engine = prepared, run, engine
        self.made: dict[str, Any] = {}

    def do(self, steps: Sequence[Step], progress: Progress) -> None:
        """Every step that an earlier run has not finished is finished."""
        for step in steps:
            with progress.stage(step.title, step.things) as on_progress:
                self.made[step.name] = self.result(step, on_progress)

    def result(self, step: Step, on_progress: Stage) -> Any:
        checkpoints = self.run.stage(step.name)
        given = {"run": self.run, "engine": self.engine, "checkpoints": checkpoints, "on_progress": on_progress}
        work = self.call(step.work, given)
        if work is not None:
            finish(work, checkpoints, self.engine, on_progress)
        return self.call(step.make, {**given, "work": work, "load": checkpoints.load})

    def facts(self, steps: Sequence[Step]) -> dict[str, Any]:
        """What the steps, which are done, add to the manifest."""
        return {name: value for step in steps for name, value in self.call(step.facts, {}).items()}

    def call(self, function: Callable[..., Any], given: Mapping[str, Any]) -> Any:
        known, names = {**given, **self.made}, inspect.signature(function).parameters
        return function(**{name: known[name] if name in known else getattr(self.prepared, name) for name in names})
