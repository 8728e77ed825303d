"""The sources of NE_ATLAS in the background: a thread fetches one after the other, and pages ask how things stand.

What is here from an earlier run is ready at once; should a newer version be had, it takes the place of that.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ne_core.sharing.remote.errors import FetchError
from ne_core.sharing.remote.fetch import Fetched, at_hand, fetched
from ne_core.sharing.remote.patience import Patience
from ne_core.sharing.remote.source import Source, distinct, parse, split

WAITING, ASKING, FETCHING, ELSEWHERE = "waiting", "asking", "fetching", "elsewhere"
READY, FAILED = "ready", "failed"
NO_SOURCE = "not-a-source"
AGAIN_S = 30  # between two tries that visitors ask for
PACE_S = 10  # that the pace is measured over
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Standing:
    """How one source stands; `said` is why it failed, or what is in the way just now."""

    name: str
    source: str
    state: str = WAITING
    fetched: Fetched | None = None
    done: int = 0
    whole: int = 0
    per_s: float | None = None
    said: str = ""

    @property
    def left_s(self) -> float | None:
        return (self.whole - self.done) / self.per_s if self.per_s else None


class Fetcher:
    """All sources of one NE_ATLAS. Make one in a process; every method returns at once but `join`.

    `cache` names the folder of the cache, or says why there is none.
    """

    def __init__(self, text: str, cache: Callable[[], Path], patience: Patience = Patience()):  # noqa: B008  it is frozen
        self.cache, self.patience = cache, patience
        self.standing: dict[str, Standing] = {}
        self.sources: dict[str, Source] = {}
        self.lock, self.thread, self.tried = threading.Lock(), None, -float("inf")
        self.read(split(text))
        self.start([name for name in self.sources if self.standing[name].state != FAILED])

    def read(self, texts: list[str]) -> None:
        """Every source under a name of its own; what is no source has failed for good."""
        found = [parsed(text) for text in texts]
        names = distinct([NO_SOURCE if isinstance(each, FetchError) else each.name for each in found])
        for name, each in zip(names, found, strict=True):
            if isinstance(each, FetchError):
                self.fail(Standing(name, "NE_ATLAS"), each)
            else:
                self.sources[name] = each
                self.look(Standing(name, str(each)), each)

    def look(self, standing: Standing, source: Source) -> None:
        """Is it here already?"""
        try:
            here = at_hand(source, self.cache())
        except FetchError as error:
            self.fail(standing, error)
            return
        self.standing[standing.name] = replace(standing, state=READY if here else WAITING, fetched=here)

    def fail(self, standing: Standing, error: FetchError) -> None:
        log.warning("%s: %s", standing.source, error)
        self.standing[standing.name] = replace(standing, state=FAILED, said=str(error))

    def standings(self) -> list[Standing]:
        return list(self.standing.values())

    def ready(self) -> dict[str, Fetched]:
        return {each.name: each.fetched for each in self.standings() if each.fetched}

    def start(self, names: list[str]) -> None:
        self.tried = time.monotonic()
        self.thread = threading.Thread(target=self.run, args=(names,), name="fetch", daemon=True)
        self.thread.start()

    def join(self) -> None:
        self.thread.join()

    def run(self, names: list[str]) -> None:
        for name in names:
            self.get(name)

    def get(self, name: str) -> None:
        before = self.standing[name]
        pace = Pace()

        def show(state: str, **more) -> None:
            if not before.fetched:  # what is shown already stays so until there is something newer
                self.standing[name] = replace(self.standing[name], state=state, **more)

        def told(done: int, whole: int) -> None:
            show(FETCHING, done=done, whole=whole, per_s=pace(done), said="")

        patience = replace(self.patience, said=lambda why: show(self.standing[name].state, said=why))
        show(ASKING, said="")
        try:
            here = fetched(self.sources[name], self.cache(), told, lambda: show(ELSEWHERE), patience)
        except FetchError as error:
            self.fail(before, error)
            return
        except Exception:  # or visitors would wait without end
            log.exception("%s", before.source)
            self.fail(before, FetchError(f"{before.source} cannot be fetched: the log of this explorer says why"))
            return
        if here.note:
            log.warning("%s", here.note)
        self.standing[name] = replace(before, state=READY, fetched=here)

    def failed(self) -> list[str]:
        """Those that another try may help."""
        return [name for name in self.sources if self.standing[name].state == FAILED]

    def again_in_s(self) -> float:
        """How long until another try is allowed, for all visitors together."""
        return max(0.0, self.tried + AGAIN_S - time.monotonic())

    def again(self) -> bool:
        """Try once more what failed; False where that is too soon, or under way."""
        with self.lock:
            names = self.failed()
            if not names or self.again_in_s() or self.thread.is_alive():
                return False
            for name in names:
                self.standing[name] = replace(self.standing[name], state=WAITING, said="")
            self.start(names)
        return True


class Pace:
    """Bytes a second over the last seconds; None before anything has come."""

    def __init__(self):
        self.seen: deque[tuple[float, int]] = deque()

    def __call__(self, done: int) -> float | None:
        now = time.monotonic()
        if not self.seen or now - self.seen[-1][0] > 0.2:
            self.seen.append((now, done))
        while now - self.seen[0][0] > PACE_S and len(self.seen) > 1:
            self.seen.popleft()
        began, before = self.seen[0]
        return (done - before) / (now - began) if done > before and now > began else None


def parsed(text: str) -> Source | FetchError:
    try:
        return parse(text)
    except FetchError as error:
        return error
