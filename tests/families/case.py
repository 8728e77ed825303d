"""A case of `python -m tests.families`, and running it."""

import contextlib
import io
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from ne_core.atlas import Atlas
from precompute.__main__ import main

MAX_LINE = 300
BUILD = (
    "--context",
    "24",
    "--examples",
    "24",
    "--window",
    "12,3",
    "--rarefy",
    "0",
    "--threads",
    "1",
    "--device",
    "cpu",
)


@dataclass(frozen=True)
class Comparison:
    """Errors of an atlas, each with its tolerance; `notes` are printed after them."""

    errors: Mapping[str, tuple[float, float]]
    notes: Sequence[str] = ()

    @property
    def wrong(self) -> bool:
        return not all(error <= allowed for error, allowed in self.errors.values())  # NaN is wrong

    def __str__(self) -> str:
        errors = (
            f"{name} {error:.1e}{'' if error <= allowed else f' ABOVE {allowed:.0e}'}"
            for name, (error, allowed) in self.errors.items()
        )
        return "  ".join([*errors, *self.notes])


@dataclass(frozen=True)
class Case:
    """`make` writes a case's files into an empty folder and returns the options of its build, including `--corpus`.

    `check` receives that folder and the atlas. Without `check` the build must be refused, in one line that contains
    `refusal`.
    """

    name: str
    make: Callable[[Path], list[str]]
    check: Callable[[Path, Atlas], Comparison] | None = None
    refusal: str = ""


@dataclass(frozen=True)
class Result:
    """One line about a case, and whether it is wrong; `progress` is the output of the build."""

    name: str
    line: str
    wrong: bool
    progress: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{'WRONG' if self.wrong else 'ok':5}  {self.name:24}  {self.line}"


def run(case: Case) -> Result:
    """Make the case, build it with the command line, and check the atlas or the refusal."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                options = case.make(Path(folder))
            code, log = run_build(Path(folder), options)
            if code == 0 and case.check is not None:
                comparison = case.check(Path(folder), Atlas.open(Path(folder) / "atlas"))
                return Result(case.name, str(comparison), comparison.wrong, log)
        except Exception as error:  # reported as this case's failure; the other cases still run
            traceback.print_exc()
            return Result(case.name, f"{type(error).__name__}: {str(error).splitlines()[:1]}", wrong=True)
    return refusal_result(case, code, log)


def run_build(folder: Path, options: list[str]) -> tuple[int, str]:
    """Return the exit code and the text on stderr. Raises any exception of the build."""
    with contextlib.redirect_stderr(io.StringIO()) as log, contextlib.redirect_stdout(io.StringIO()):
        code = main(["build", "--out", str(folder / "atlas"), *BUILD, *options])
    return code, log.getvalue().replace(str(folder), "")


def refusal_result(case: Case, code: int, log: str) -> Result:
    """Return the result of a build without an atlas: correct if one short line contains the expected refusal."""
    line = (log.splitlines() or [""])[-1]
    good = code == 2 and case.check is None and case.refusal in line and len(line) <= MAX_LINE
    return Result(case.name, f"exit {code}: {line}", not good, log)
