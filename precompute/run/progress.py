"""Progress of a run: one line per stage, updated in place on a terminal, plain lines elsewhere, and a status file."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import TextIOBase
from typing import TypeVar

from ne_core.amounts import duration

OnProgress = Callable[[int, int], None]  # called with the number done and the total
Thing = TypeVar("Thing")


def silent(done: int, total: int) -> None:
    """Ignore progress."""


EVERY_TTY_S, EVERY_PLAIN_S, EVERY_NOTE_S = 0.2, 10, 1
SHORT_S = 2  # commands that are often quick print a stage on a plain stream only if it takes longer


class Progress:
    """Numbered stages of a run: `with progress.stage("collect", "examples") as on_progress: on_progress(done, total)`.

    `note` is called with the content of the status file, a flat dict, at the start of a stage, at most once a second.
    With `often_quick`, stages shorter than SHORT_S are shown on a terminal only.
    """

    def __init__(
        self,
        n_stages: int,
        stream: TextIOBase | None = None,
        clock: Callable[[], float] = time.monotonic,
        note: Callable[[dict], None] = lambda status: None,
        often_quick: bool = False,
    ):
        self.n_stages, self.number = n_stages, 0
        self.stream = sys.stderr if stream is None else stream
        self.clock, self.note, self.often_quick = clock, note, often_quick
        self.seconds: dict[str, float] = {}  # duration of each stage in this run

    @contextmanager
    def stage(self, name: str, things: str = "") -> Iterator["Stage"]:
        self.number += 1
        stage = Stage(self, name, things)
        stage.show("…")
        try:
            yield stage
        except BaseException:
            stage.end_line()
            raise
        stage.finish()


class Stage:
    """One stage, an `OnProgress`; call it with the number of things done and the total."""

    def __init__(self, run: Progress, name: str, things: str):
        self.run, self.name, self.things = run, name, things
        self.head = f"[{run.number}/{run.n_stages}] {name}"
        self.started = self.last_shown = self.last_noted = run.clock()
        self.before = self.done = self.total = 0
        self.remark = ""  # shown at the end of the stage
        self.interval_s = EVERY_TTY_S if run.stream.isatty() else EVERY_PLAIN_S
        self.note_status()

    def already(self, done: int) -> None:
        """Set the number of things done by an earlier run, which do not count for the pace of this one."""
        self.before = done

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        now = self.run.clock()
        if now - self.last_noted >= EVERY_NOTE_S:
            self.last_noted = now
            self.note_status()
        if self.left is not None and done < total and now - self.last_shown >= self.interval_s:
            self.last_shown = now
            self.show(f"{done:,}/{total:,} {self.things}, {rate(self.per_s)}/s, {duration(self.left)} left")

    @property
    def per_s(self) -> float:
        return (self.done - self.before) / max(self.run.clock() - self.started, 1e-9)

    @property
    def left(self) -> float | None:
        """Seconds to the end of the stage at the pace of this run; None until something is done."""
        return (self.total - self.done) / self.per_s if self.done > self.before else None

    def note_status(self) -> None:
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
        seconds = self.run.seconds[self.name] = self.run.clock() - self.started
        if self.run.often_quick and seconds < SHORT_S and not self.run.stream.isatty():
            return
        took = duration(seconds)
        earlier = f" ({self.before:,} were done before)" if self.before else ""
        remark = f"; {self.remark}" if self.remark else ""
        self.show((f"{self.total:,} {self.things} in {took}{earlier}" if self.total else took) + remark, end="\n")

    def end_line(self) -> None:
        """End the line on a terminal, before an error message is printed."""
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
    """Yield each thing and report it as done when the next one is requested; `total` if things have no length."""
    total = len(things) if total is None else total
    for done, thing in enumerate(things, start=1):
        yield thing
        on_progress(done, total)


def rate(per_s: float) -> str:
    return f"{per_s:,.0f}" if per_s >= 10 else f"{per_s:.1f}"
