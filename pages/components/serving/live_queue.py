"""A bounded queue of requests to one server: first come, first served. Independent of models and Streamlit."""

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from ne_core.live.answers import Answer, Refused
from ne_core.live.requests import Request

FULL = "Too many requests are waiting for the model: reload the page in a minute."
CANCELLED = "This request was cancelled."
BROKEN = "The request to the model failed with an unexpected error: reload the page to try again."


class Ticket:
    """A request that waits for its answer."""

    def __init__(self, queue: "LiveQueue", atlas: Path, request: Request):
        self.atlas, self.request = atlas, request
        self.answer: Answer | None = None
        self._queue, self._done = queue, threading.Event()

    @property
    def place(self) -> int:
        """Number of requests before this one; 0 if it is being answered or has been."""
        return self._queue.before(self)

    def done_within(self, seconds: float) -> bool:
        """Wait up to so many seconds; return whether the request is answered. It stays in the queue if not."""
        return self._done.wait(seconds)

    def cancel(self) -> None:
        """Leave the queue; a request that is being answered already runs to its end."""
        self._queue.withdraw(self)

    def finish(self, answer: Answer) -> None:
        self.answer = answer
        self._done.set()


class LiveQueue:
    """Tickets in order, answered one at a time by a thread that runs while there are any."""

    def __init__(self, answer: Callable[[Path, Request], Answer], most: int):
        self._answer, self._most = answer, most
        self._waiting: deque[Ticket] = deque()
        self._now: Ticket | None = None
        self._lock, self._working = threading.Lock(), False

    def submit(self, atlas: Path, request: Request) -> Ticket:
        ticket = Ticket(self, atlas, request)
        with self._lock:
            if len(self._waiting) >= self._most:
                ticket.finish(Refused(FULL))
                return ticket
            self._waiting.append(ticket)
            if not self._working:
                self._working = True
                threading.Thread(target=self._work, daemon=True, name="live model").start()
        return ticket

    def before(self, ticket: Ticket) -> int:
        with self._lock:
            if ticket not in self._waiting:
                return 0
            return self._waiting.index(ticket) + (self._now is not None)

    def withdraw(self, ticket: Ticket) -> None:
        with self._lock:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
                ticket.finish(Refused(CANCELLED))

    def _work(self) -> None:
        while ticket := self._next():
            try:
                ticket.finish(self._answer(ticket.atlas, ticket.request))
            except Exception:  # an error of one request must not stop the queue
                ticket.finish(Refused(BROKEN))

    def _next(self) -> Ticket | None:
        with self._lock:
            self._now = self._waiting.popleft() if self._waiting else None
            self._working = self._now is not None
            return self._now
