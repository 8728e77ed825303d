"""Leaving a page while it still works, in headless Chromium on a busy machine: the next page is drawn whole.

A fragment runs by itself. What it was asked for on a page must not be drawn into the next one, which has other blocks;
Streamlit then shows a white page until it is loaded anew.
"""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from pages.components.nav import pages_of
from tests import in_browser
from tests.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
MENU = [page for page in pages_of(None) if page not in ("neuron", "trail")]
# Of these, some are drawn to the end and some end early, with nothing to show.
WITH_FRAGMENTS = ("map", "neuron?layer=0&neuron=0", "board", "search?q=cat", "compare", "trail", "overview")
LATE = "() => globalThis.neMap?.ask.seen?.([Math.random(), 1, 0, 1])"
LEAVE_AT_WORK = """(page) => {
    const link = document.querySelector(`[data-testid=stSidebar] a[href*="${page}?"]`);
    link.click();
    globalThis.neMap?.ask.seen?.([Math.random(), 1, 0, 1]);
    document.querySelector('[data-testid=stPopover] button')?.click();
}"""


@pytest.fixture(scope="module", autouse=True)
def busy() -> Iterator[None]:
    """Something else that wants every core."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for each in loops:
        each.kill()
        each.wait()


def whole(page, name: str) -> None:
    """The page of this name is shown, and what is late has come."""
    expect(page).to_have_url(re.compile(f"/{name}\\?"))
    expect(page.locator("h1")).to_have_count(1)
    settled(page)


@pytest.mark.parametrize("left", WITH_FRAGMENTS)
def test_a_page_left_at_work_leaves_nothing_behind(left, opened):
    page = opened(left)
    for name in ("search", "pair", "sae_lab", "about"):
        if left.startswith(name):
            continue
        page.evaluate(LEAVE_AT_WORK, name)
        whole(page, name)
        page.evaluate(LATE)
        page.go_back()
        whole(page, left.split("?")[0])
