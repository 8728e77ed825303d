"""A turnstile: so many may be inside at a time, and who came first goes in first. It knows nothing of Streamlit."""

import itertools
import threading
from bisect import insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Place:
    """A place in the queue. Once `open` is set it is a place inside."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.open = threading.Event()


class Turnstile:
    """Lets `at_once` in; the others wait in the order of their numbers.

    A number outlives its place: who leaves the queue and comes back with it stands where they stood.
    """

    def __init__(self, at_once: int) -> None:
        self.free = at_once
        self.waiting: list[Place] = []  # by number
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def number(self) -> int:
        return next(self._numbers)

    @contextmanager
    def turn(self, number: int, meanwhile: Callable[[int], None], every_s: float) -> Iterator[None]:
        """Wait, then be inside. `meanwhile` hears now and then how many are before; what it raises ends the waiting."""
        place = self.come(number)
        try:
            while not place.open.wait(every_s):
                meanwhile(self.before(place))
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
        """The next one has the turn of who was inside, even of who was let in while they gave up waiting."""
        with self._lock:
            if not place.open.is_set():
                self.waiting.remove(place)
            elif self.waiting:
                self.waiting.pop(0).open.set()
            else:
                self.free += 1
