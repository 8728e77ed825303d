"""Retries after a cut-off, an overload or silence, with growing waits."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ne_core.sharing.remote.errors import PassingError

ENOUGH = 2**20  # bytes that a try must fetch to reset the count of failures

Result = TypeVar("Result")


@dataclass(frozen=True)
class RetryPolicy:
    """Number of tries, waits between them, timeouts, and the least pace.

    `on_retry` is called with the reason before every retry.
    """

    tries: int = 6
    first_wait_s: float = 1.0
    connect_s: float = 10.0
    read_s: float = 30.0
    least_per_s: float = 1000.0
    on_retry: Callable[[str], None] = lambda why: None

    def keep_trying(self, attempt: Callable[[], Result], n_bytes: Callable[[], int] = lambda: 0) -> Result:
        """Return the result of `attempt`; `n_bytes` returns how many bytes have been fetched.

        Raises PassingError after the last try.
        """
        n_failed = 0
        while True:
            bytes_before = n_bytes()
            try:
                return attempt()
            except PassingError as error:
                n_failed = 1 if n_bytes() - bytes_before >= ENOUGH else n_failed + 1
                if n_failed >= self.tries:
                    raise PassingError(f"{error}; tried {n_failed} times") from None
                self.on_retry(f"{error}; trying again")
                time.sleep(max(error.wait_s, self.first_wait_s * 2 ** (n_failed - 1)))
