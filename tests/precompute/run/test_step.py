"""An example step: build order, progress, resuming, status and the manifest follow from its one object."""

from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from precompute.build import STEPS
from precompute.run.engines import LocalEngine
from precompute.run.progress import Progress
from precompute.run.run_folder import RunFolder, run_folder
from precompute.run.status import status
from precompute.run.step import Build, Step
from precompute.run.work import Work

SQUARES = Step(
    "squares", "squares of numbers", "numbers",
    work=lambda config: Work(squared, config.power, range(4), cores=1, few=True),
    make=lambda work, load: [int(load(unit)["square"]) for unit in work.units],
    facts=lambda squares: {"sample_positions": sum(squares)},
)  # fmt: skip
LARGEST = Step("largest", "largest", "numbers", make=lambda squares: max(squares))
PREPARED = SimpleNamespace(config=SimpleNamespace(power=2))
computed: list[int] = []
failing_units: set[int] = set()


class StoppedError(Exception):
    """Interruption of a run in the middle of a unit."""


def squared(power: int, unit: int) -> dict[str, np.ndarray]:
    if unit in failing_units:
        raise StoppedError
    computed.append(unit)
    return {"square": np.array(unit**power)}


def run_steps(run: RunFolder, *steps: Step) -> tuple[Build, str]:
    run.record_settings(vars(PREPARED.config))
    build, stream = Build(PREPARED, run, LocalEngine()), StringIO()
    build.do(steps, Progress(len(steps), stream, note=run.note))
    return build, stream.getvalue()


def test_step_gets_results_of_earlier_steps(tmp_path: Path):
    with run_folder(tmp_path / "atlas") as run:
        build, progress = run_steps(run, SQUARES, LARGEST)
    assert build.results == {"squares": [0, 1, 4, 9], "largest": 9}
    assert [line.split(":")[0] for line in progress.splitlines()] == ["[1/2] squares of numbers", "[2/2] largest"]
    assert "4 numbers in" in progress
    assert build.facts([SQUARES, LARGEST]) == {"sample_positions": 14}


def test_stopped_run_continues_from_its_units(tmp_path: Path, monkeypatch):
    out = tmp_path / "atlas"
    monkeypatch.setattr("precompute.run.progress.EVERY_NOTE_S", 0)
    failing_units.add(2)
    with run_folder(out) as run, pytest.raises(StoppedError):
        run_steps(run, SQUARES)
    failing_units.clear()
    assert "stopped, stage 1 of 1: squares of numbers, 2 of 4 numbers" in status(out)
    computed.clear()
    with run_folder(out) as run:
        build, progress = run_steps(run, SQUARES)
    assert computed == [2, 3]
    assert build.results["squares"] == [0, 1, 4, 9]
    assert "(2 were done before)" in progress


def test_step_without_work(tmp_path: Path):
    unwanted = Step("cubes", "cubes", "numbers", work=lambda: None, make=lambda work: work)
    with run_folder(tmp_path / "atlas") as run:
        assert run_steps(run, unwanted)[0].results == {"cubes": None}


def test_names_and_titles_of_steps_are_unique():
    """Check unique names, which name the folder of checkpoints and the result of a step."""
    assert len({step.name for step in STEPS}) == len({step.title for step in STEPS}) == len(STEPS)
