"""Several files at once: a hub takes its time to answer, and an atlas has some hundred small files."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from ne_core.sharing.remote.errors import FetchError

AT_ONCE = 4

Thing = TypeVar("Thing")


def do_all(do: Callable[[Thing], None], things: Iterable[Thing], stop: Callable[[], None]) -> None:
    """`do` every thing, some at once. Raises what the first failure was, once `stop` has ended the others."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch") as pool:
        try:
            done, _ = wait([pool.submit(do, thing) for thing in things], return_when=FIRST_EXCEPTION)
            for each in done:
                each.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stop()
            raise


@dataclass
class Sum:
    """Bytes of files that come at once, told as one number; after `stop` whoever tells of more is ended."""

    told: Callable[[int, int], None]
    whole: int
    done: int
    stopped: bool = False

    def __post_init__(self):
        self.lock = threading.Lock()

    def of(self, done: int) -> Callable[[int], None]:
        """What the download of a file tells its bytes to, of which so many were here already."""
        before = done

        def told(done: int) -> None:
            nonlocal before
            if self.stopped:
                raise FetchError("ended, since another file failed")
            with self.lock:
                self.done += done - before
                before = done
                self.told(self.done, self.whole)

        return told

    def stop(self) -> None:
        self.stopped = True
