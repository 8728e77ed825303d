"""Where a run stands: one line a stage that keeps up with itself on a terminal, and plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOBase

EVERY_TTY_S, EVERY_PLAIN_S = 0.2, 10


class Progress:
    """Stages numbered as they come: `with progress.stage("collect", "examples") as told: told(done, total)`."""

    def __init__(self, n_stages: int, stream: TextIOBase | None = None, clock: Callable[[], float] = time.monotonic):
        self.n_stages, self.number = n_stages, 0
        self.stream = sys.stderr if stream is None else stream
        self.clock = clock

    @contextmanager
    def stage(self, name: str, things: str = "") -> Iterator[Callable[[int, int], None]]:
        self.number += 1
        head = f"[{self.number}/{self.n_stages}] {name}"
        stage = Stage(head, things, self.stream, self.clock)
        stage.show("…")
        yield stage.told
        stage.finish()


class Stage:
    def __init__(self, head: str, things: str, stream: TextIOBase, clock: Callable[[], float]):
        self.head, self.things, self.stream, self.clock = head, things, stream, clock
        self.started = self.shown = clock()
        self.total = 0
        self.every = EVERY_TTY_S if stream.isatty() else EVERY_PLAIN_S

    def told(self, done: int, total: int) -> None:
        self.total = total
        now = self.clock()
        if done and done < total and now - self.shown >= self.every:
            self.shown = now
            per_s = done / max(now - self.started, 1e-9)
            self.show(f"{done:,}/{total:,} {self.things}, {rate(per_s)}/s, {duration((total - done) / per_s)} left")

    def finish(self) -> None:
        took = duration(self.clock() - self.started)
        self.show(f"{self.total:,} {self.things} in {took}" if self.total else took, end="\n")

    def show(self, text: str, end: str = "") -> None:
        if self.stream.isatty():
            self.stream.write(f"\r\x1b[K{self.head}: {text}{end}")
        elif text != "…":
            self.stream.write(f"{self.head}: {text}\n")
        self.stream.flush()


def rate(per_s: float) -> str:
    return f"{per_s:,.0f}" if per_s >= 10 else f"{per_s:.1f}"


def duration(seconds: float) -> str:
    """2.1 s, 3 min 04 s, 5 h 06 min."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
