"""Where a run stands: one line a stage that keeps up with itself on a terminal, plain lines elsewhere, and a file."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import TextIOBase
from typing import TypeVar

from ne_core.amounts import duration

OnProgress = Callable[[int, int], None]  # how many things are done, and how many there are
Thing = TypeVar("Thing")


def silent(done: int, total: int) -> None:
    """Progress that nobody looks at."""


EVERY_TTY_S, EVERY_PLAIN_S, EVERY_NOTE_S = 0.2, 10, 1


class Progress:
    """Stages numbered as they come: `with progress.stage("collect", "examples") as told: told(done, total)`.

    What was `done` when a stage began was done by an earlier run, and says nothing of the pace of this one. `note` is
    given what `status` shows, a flat dict, at most once a second and at both ends of a stage.
    """

    def __init__(
        self,
        n_stages: int,
        stream: TextIOBase | None = None,
        clock: Callable[[], float] = time.monotonic,
        note: Callable[[dict], None] = lambda standing: None,
    ):
        self.n_stages, self.number = n_stages, 0
        self.stream = sys.stderr if stream is None else stream
        self.clock, self.note = clock, note
        self.seconds: dict[str, float] = {}  # what each stage took in this run

    @contextmanager
    def stage(self, name: str, things: str = "") -> Iterator["Stage"]:
        self.number += 1
        stage = Stage(self, name, things)
        stage.show("…")
        try:
            yield stage
        except BaseException:
            stage.break_off()
            raise
        stage.finish()


class Stage:
    """One stage; call it with how many things are done and how many there are."""

    def __init__(self, run: Progress, name: str, things: str):
        self.run, self.name, self.things = run, name, things
        self.head = f"[{run.number}/{run.n_stages}] {name}"
        self.started = self.shown = self.noted = run.clock()
        self.before = self.done = self.total = 0
        self.remark = ""  # what else is shown when the stage is over
        self.every = EVERY_TTY_S if run.stream.isatty() else EVERY_PLAIN_S
        self.tell()

    def already(self, done: int) -> None:
        """So many things were done by an earlier run."""
        self.before = done

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        now = self.run.clock()
        if now - self.noted >= EVERY_NOTE_S:
            self.noted = now
            self.tell()
        if self.left is not None and done < total and now - self.shown >= self.every:
            self.shown = now
            self.show(f"{done:,}/{total:,} {self.things}, {rate(self.per_s)}/s, {duration(self.left)} left")

    @property
    def per_s(self) -> float:
        return (self.done - self.before) / max(self.run.clock() - self.started, 1e-9)

    @property
    def left(self) -> float | None:
        """Seconds to the end of the stage at the pace of this run; None before it has done anything."""
        return (self.total - self.done) / self.per_s if self.done > self.before else None

    def tell(self) -> None:
        self.run.note(
            {
                "stage": self.name,
                "number": self.run.number,
                "n_stages": self.run.n_stages,
                "things": self.things,
                "done": self.done,
                "total": self.total,
                "left_s": self.left,
            }
        )

    def finish(self) -> None:
        self.run.seconds[self.name] = self.run.clock() - self.started
        took = duration(self.run.seconds[self.name])
        earlier = f" ({self.before:,} were done before)" if self.before else ""
        remark = f"; {self.remark}" if self.remark else ""
        self.show((f"{self.total:,} {self.things} in {took}{earlier}" if self.total else took) + remark, end="\n")

    def break_off(self) -> None:
        """Leave the line of a terminal to what is printed next."""
        if self.run.stream.isatty():
            self.run.stream.write("\n")

    def show(self, text: str, end: str = "") -> None:
        stream = self.run.stream
        if stream.isatty():
            stream.write(f"\r\x1b[K{self.head}: {text}{end}")
        elif text != "…":
            stream.write(f"{self.head}: {text}\n")
        stream.flush()


def counted(things: Iterable[Thing], on_progress: OnProgress, total: int | None = None) -> Iterator[Thing]:
    """Each thing; it is done when the next one is taken. `total` where things are made one by one."""
    total = len(things) if total is None else total
    for done, thing in enumerate(things, start=1):
        yield thing
        on_progress(done, total)


def rate(per_s: float) -> str:
    return f"{per_s:,.0f}" if per_s >= 10 else f"{per_s:.1f}"
