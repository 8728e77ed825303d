"""A turnstile: a fair lock that admits a fixed number at a time, in order of arrival. Independent of Streamlit."""

import itertools
import threading
from bisect import insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Place:
    """A place in the queue; `open` is set when it is admitted."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.open = threading.Event()


class Turnstile:
    """Admits `at_once` at a time; the others wait in the order of their numbers.

    A number stays valid after its place is left: a caller who returns with the same number has the same place.
    """

    def __init__(self, at_once: int) -> None:
        self.free = at_once
        self.waiting: list[Place] = []  # by number
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def number(self) -> int:
        return next(self._numbers)

    @contextmanager
    def turn(self, number: int, on_wait: Callable[[int], None], every_s: float) -> Iterator[None]:
        """Wait for a place and hold it. `on_wait` gets the number of places ahead; its exception ends the wait."""
        place = self.come(number)
        try:
            while not place.open.wait(every_s):
                on_wait(self.before(place))
            yield
        finally:
            self.leave(place)

    def come(self, number: int) -> Place:
        place = Place(number)
        with self._lock:
            if self.free:
                self.free -= 1
                place.open.set()
            else:
                insort(self.waiting, place, key=lambda each: each.number)
        return place

    def before(self, place: Place) -> int:
        with self._lock:
            return self.waiting.index(place) if place in self.waiting else 0

    def leave(self, place: Place) -> None:
        """Give up a place. If it was admitted, even while its caller gave up waiting, admit the next one."""
        with self._lock:
            if not place.open.is_set():
                self.waiting.remove(place)
            elif self.waiting:
                self.waiting.pop(0).open.set()
            else:
                self.free += 1
