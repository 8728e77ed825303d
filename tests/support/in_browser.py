"""What every file of browser tests begins with: `expect, pytestmark = in_browser.expect, in_browser.pytestmark`.

Where playwright is not installed, a file that imports this is skipped.
"""

import time
from collections.abc import Callable

import pytest

from tests.support.browser import CHROMIUM, PATIENCE_MS, REQUIRED

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
expect.set_options(timeout=PATIENCE_MS)  # of a machine that is busy with other things
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not REQUIRED, reason="no chromium here: apt-get install chromium-headless-shell"
    ),
]


def until(page, holds: Callable[[], bool]) -> None:
    """Wait for what no locator says; what it looks at may still move."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        page.wait_for_timeout(100)
