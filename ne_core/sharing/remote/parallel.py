"""Several downloads at once: a hub is slow to answer, and an atlas has about a hundred small files."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from ne_core.sharing.remote.errors import FetchError

MAX_PARALLEL = 4

Thing = TypeVar("Thing")


def do_all(do: Callable[[Thing], None], things: Iterable[Thing], stop: Callable[[], None]) -> None:
    """Call `do` with every thing, several at once. Raises the first failure, after `stop` has ended the others."""
    with ThreadPoolExecutor(MAX_PARALLEL, thread_name_prefix="fetch") as pool:
        try:
            finished, _ = wait([pool.submit(do, thing) for thing in things], return_when=FIRST_EXCEPTION)
            for future in finished:
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stop()
            raise


@dataclass
class TotalProgress:
    """Sum of the bytes of parallel downloads; after `stop`, downloads that report progress are ended."""

    on_progress: Callable[[int, int], None]
    whole: int
    done: int
    stopped: bool = False

    def __post_init__(self):
        self.lock = threading.Lock()

    def file_progress(self, done: int) -> Callable[[int], None]:
        """Return the progress callback of one file, of which `done` bytes were there already."""
        reported = done

        def on_bytes(done: int) -> None:
            nonlocal reported
            if self.stopped:
                raise FetchError("stopped, since another file failed")
            with self.lock:
                self.done += done - reported
                reported = done
                self.on_progress(self.done, self.whole)

        return on_bytes

    def stop(self) -> None:
        """Stop the downloads."""
        self.stopped = True
