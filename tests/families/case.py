"""A case of `python -m tests.families`, and what comes of running one."""

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

LONGEST_LINE = 300
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
class Checked:
    """Figures of an atlas: each error and what is allowed; `notes` say what else a reader wants to know."""

    errors: Mapping[str, tuple[float, float]]
    notes: Sequence[str] = ()

    @property
    def wrong(self) -> bool:
        return not all(error <= allowed for error, allowed in self.errors.values())  # NaN is wrong

    def __str__(self) -> str:
        shown = (
            f"{name} {error:.1e}{'' if error <= allowed else f' ABOVE {allowed:.0e}'}"
            for name, (error, allowed) in self.errors.items()
        )
        return "  ".join([*shown, *self.notes])


@dataclass(frozen=True)
class Case:
    """`make` writes a case's files into an empty folder and returns the options of its build, `--corpus` among them.

    `check` is given that folder and the atlas. Without `check` the build must be refused, in one line that contains
    `refusal`.
    """

    name: str
    make: Callable[[Path], list[str]]
    check: Callable[[Path, Atlas], Checked] | None = None
    refusal: str = ""


@dataclass(frozen=True)
class Result:
    """One line about a case, and whether it is wrong; `progress` is what the build printed."""

    name: str
    line: str
    wrong: bool
    progress: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{'WRONG' if self.wrong else 'ok':5}  {self.name:24}  {self.line}"


def run(case: Case) -> Result:
    """Make the case, build it as the command line does, and check the atlas or the refusal."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                options = case.make(Path(folder))
            code, said = built(Path(folder), options)
            if code == 0 and case.check is not None:
                found = case.check(Path(folder), Atlas.open(Path(folder) / "atlas"))
                return Result(case.name, str(found), found.wrong, said)
        except Exception as error:  # reported as this case's failure: the others are still run
            traceback.print_exc()
            return Result(case.name, f"{type(error).__name__}: {str(error).splitlines()[:1]}", wrong=True)
    return refused(case, code, said)


def built(folder: Path, options: list[str]) -> tuple[int, str]:
    """The exit code and what went to stderr; an exception that comes out is a traceback, and is raised."""
    with contextlib.redirect_stderr(io.StringIO()) as said, contextlib.redirect_stdout(io.StringIO()):
        code = main(["build", "--out", str(folder / "atlas"), *BUILD, *options])
    return code, said.getvalue().replace(str(folder), "")


def refused(case: Case, code: int, said: str) -> Result:
    """What a build without an atlas comes to: good where a refusal was due, has its words, and is one short line."""
    line = (said.splitlines() or [""])[-1]
    good = code == 2 and case.check is None and case.refusal in line and len(line) <= LONGEST_LINE
    return Result(case.name, f"exit {code}: {line}", not good, said)
