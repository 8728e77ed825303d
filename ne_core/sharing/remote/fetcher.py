"""Fetching of the sources of NE_ATLAS in the background: one thread fetches them in turn, and pages read its status.

Cached atlases are ready at once; a newer version replaces them when it has been fetched.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ne_core.sharing.remote.errors import FetchError
from ne_core.sharing.remote.fetch import Fetched, cached_atlas, fetch_atlas
from ne_core.sharing.remote.retries import RetryPolicy
from ne_core.sharing.remote.source import Source, distinct, parse, split

WAITING, CHECKING, FETCHING, ELSEWHERE = "waiting", "checking", "fetching", "elsewhere"
READY, FAILED = "ready", "failed"
NO_SOURCE = "not-a-source"
RETRY_S = 30  # least time between two retries that visitors request
PACE_S = 10  # window over which the pace is measured
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SourceStatus:
    """Status of one source; `message` says why it failed, or what delays it."""

    name: str
    source: str
    state: str = WAITING
    fetched: Fetched | None = None
    done: int = 0
    whole: int = 0
    per_s: float | None = None
    message: str = ""

    @property
    def left_s(self) -> float | None:
        """Seconds left; None while the rate is not known."""
        return (self.whole - self.done) / self.per_s if self.per_s else None


class Fetcher:
    """All sources of one NE_ATLAS. Create one in a process; every method but `join` returns at once.

    `cache` returns the cache folder, or raises FetchError.
    """

    def __init__(self, text: str, cache: Callable[[], Path], retry: RetryPolicy = RetryPolicy()):  # noqa: B008  it is frozen
        self.cache, self.retry = cache, retry
        self.status: dict[str, SourceStatus] = {}
        self.sources: dict[str, Source] = {}
        self.lock, self.thread, self.tried = threading.Lock(), None, -float("inf")
        self.read(split(text))
        self.start([name for name in self.sources if self.status[name].state != FAILED])

    def read(self, texts: list[str]) -> None:
        """Register every source under a unique name; invalid sources fail for good."""
        sources = [parse_or_error(text) for text in texts]
        names = distinct([NO_SOURCE if isinstance(source, FetchError) else source.name for source in sources])
        for name, source in zip(names, sources, strict=True):
            if isinstance(source, FetchError):
                self.fail(SourceStatus(name, "NE_ATLAS"), source)
            else:
                self.sources[name] = source
                self.check_cache(SourceStatus(name, str(source)), source)

    def check_cache(self, status: SourceStatus, source: Source) -> None:
        """Record a version that was fetched before, or that none was."""
        try:
            cached = cached_atlas(source, self.cache())
        except FetchError as error:
            self.fail(status, error)
            return
        self.status[status.name] = replace(status, state=READY if cached else WAITING, fetched=cached)

    def fail(self, status: SourceStatus, error: FetchError) -> None:
        """Record that a source could not be fetched."""
        log.warning("%s: %s", status.source, error)
        self.status[status.name] = replace(status, state=FAILED, message=str(error))

    def statuses(self) -> list[SourceStatus]:
        """Progress of each source."""
        return list(self.status.values())

    def ready(self) -> dict[str, Fetched]:
        """The atlases that can be opened, by name."""
        return {status.name: status.fetched for status in self.statuses() if status.fetched}

    def start(self, names: list[str]) -> None:
        """Fetch the sources in the background."""
        self.tried = time.monotonic()
        self.thread = threading.Thread(target=self.run, args=(names,), name="fetch", daemon=True)
        self.thread.start()

    def join(self) -> None:
        """Wait until they are fetched."""
        self.thread.join()

    def run(self, names: list[str]) -> None:
        """Fetch one source after the other."""
        for name in names:
            self.fetch_one(name)

    def fetch_one(self, name: str) -> None:
        """Fetch one source and record how far it is."""
        before = self.status[name]
        pace = Pace()

        def show(state: str, **values) -> None:
            if not before.fetched:  # a cached atlas stays ready until there is a newer one
                self.status[name] = replace(self.status[name], state=state, **values)

        def on_progress(done: int, whole: int) -> None:
            show(FETCHING, done=done, whole=whole, per_s=pace(done), message="")

        retry = replace(self.retry, on_retry=lambda why: show(self.status[name].state, message=why))
        show(CHECKING, message="")
        try:
            result = fetch_atlas(self.sources[name], self.cache(), on_progress, lambda: show(ELSEWHERE), retry)
        except FetchError as error:
            self.fail(before, error)
            return
        except Exception:  # else visitors would wait forever
            log.exception("%s", before.source)
            self.fail(before, FetchError(f"{before.source} cannot be fetched: the log of this explorer says why"))
            return
        if result.note:
            log.warning("%s", result.note)
        self.status[name] = replace(before, state=READY, fetched=result)

    def failed(self) -> list[str]:
        """Return the sources for which a retry may help."""
        return [name for name in self.sources if self.status[name].state == FAILED]

    def retry_in_s(self) -> float:
        """Seconds until a retry is allowed, for all visitors together."""
        return max(0.0, self.tried + RETRY_S - time.monotonic())

    def try_again(self) -> bool:
        """Retry failed sources; returns False if it is too soon or a fetch is running."""
        with self.lock:
            names = self.failed()
            if not names or self.retry_in_s() or self.thread.is_alive():
                return False
            for name in names:
                self.status[name] = replace(self.status[name], state=WAITING, message="")
            self.start(names)
        return True


class Pace:
    """Bytes a second over the last PACE_S seconds; None before anything has come."""

    def __init__(self):
        self.samples: deque[tuple[float, int]] = deque()

    def __call__(self, done: int) -> float | None:
        now = time.monotonic()
        if not self.samples or now - self.samples[-1][0] > 0.2:
            self.samples.append((now, done))
        while now - self.samples[0][0] > PACE_S and len(self.samples) > 1:
            self.samples.popleft()
        start, start_done = self.samples[0]
        return (done - start_done) / (now - start) if done > start_done and now > start else None


def parse_or_error(text: str) -> Source | FetchError:
    """The source that the text names, or the error."""
    try:
        return parse(text)
    except FetchError as error:
        return error
