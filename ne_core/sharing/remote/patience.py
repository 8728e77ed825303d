"""Trying again: after a cut-off, an overload or silence, with growing waits."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ne_core.sharing.remote.errors import PassingError

ENOUGH = 2**20  # bytes that a try must bring for the next to count as the first again

Result = TypeVar("Result")


@dataclass(frozen=True)
class Patience:
    """How often, how long apart, how long for an answer, and the least pace that is not taken for silence.

    `said` is told why before every other try.
    """

    tries: int = 6
    first_wait_s: float = 1.0
    connect_s: float = 10.0
    read_s: float = 30.0
    least_per_s: float = 1000.0
    said: Callable[[str], None] = lambda why: None

    def keep_trying(self, attempt: Callable[[], Result], had: Callable[[], int] = lambda: 0) -> Result:
        """What `attempt` returns, once it does; `had` says how many bytes there are by now.

        Raises PassingError when the tries are used up.
        """
        failed = 0
        while True:
            before = had()
            try:
                return attempt()
            except PassingError as error:
                failed = 1 if had() - before >= ENOUGH else failed + 1
                if failed >= self.tries:
                    raise PassingError(f"{error}; tried {failed} times") from None
                self.said(f"{error}; trying again")
                time.sleep(max(error.wait_s, self.first_wait_s * 2 ** (failed - 1)))
