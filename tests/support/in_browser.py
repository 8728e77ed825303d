"""Common head of browser test files: `expect, pytestmark = in_browser.expect, in_browser.pytestmark`.

A file that imports this is skipped if playwright is not installed.
"""

import time
from collections.abc import Callable

import pytest

from tests.support.browser import CHROMIUM, PATIENCE_MS, REQUIRED

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
expect.set_options(timeout=PATIENCE_MS)  # long enough for a busy machine
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not REQUIRED, reason="no chromium here: apt-get install chromium-headless-shell"
    ),
]


def until(page, condition: Callable[[], bool]) -> None:
    """Wait for a condition that no locator expresses; the page may still change."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while not condition():
        assert time.monotonic() < end, "the condition was never met"
        page.wait_for_timeout(100)
