"""Leaving a page while it still works, in headless Chromium on a busy machine: the next page is drawn whole.

A fragment runs by itself. What it was asked for on a page must not be drawn into the next one, which has other blocks;
Streamlit then shows a white page until it is loaded anew.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support import in_browser
from tests.support.browser import PATIENCE_MS, settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
# Each has a fragment. Of those that are gone to, some are drawn to their end and some end early.
LEFT = (
    "map",
    pytest.param("neuron?layer=0&neuron=0", marks=pytest.mark.slow),
    pytest.param("ranking", marks=pytest.mark.slow),
    "search?q=cat",
    pytest.param("across_layers", marks=pytest.mark.slow),
)
HEADINGS = {
    **{"map": "Map", "ranking": "Ranking", "search": "Search", "side_by_side": "Side by side", "about": "About"},
    **{"sae_lab": "SAE lab", "neuron": "Layer 0 · Neuron 0", "across_layers": re.compile("across layers$")},
}
GONE_TO = ("search", "side_by_side", "about", "sae_lab")
LINKS = "[data-testid=stSidebar] a[href*='{}?']"
# What is at work: the map says what is in sight, the Export menu opens. Both are asked for just after the step.
LEAVE = """(link) => {
    document.querySelector(link).click();
    globalThis.neMap?.ask.seen?.([Math.random(), 1, 0, 1]);
    document.querySelector('[data-testid=stMain] [data-testid=stPopover] button')?.click();
}"""


@pytest.fixture(scope="module", autouse=True)
def busy() -> Iterator[None]:
    """Something else that wants every core."""
    # Other workers keep the other cores busy.
    n_loops = 1 if "PYTEST_XDIST_WORKER" in os.environ else os.cpu_count() or 1
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n_loops)]
    yield
    for each in loops:
        each.kill()
        each.wait()


def whole(page, name: str) -> None:
    """The page of this name is shown, and what is late has come."""
    expect(page).to_have_url(re.compile(f"/{name}\\?atlas="))
    expect(page.locator("[data-testid=stMain] h1")).to_have_text(HEADINGS[name])
    settled(page)
    expect(page.locator("[data-testid=stMain] [data-testid=stElementContainer]").nth(1)).to_be_attached()


@pytest.mark.parametrize("left", LEFT)
def test_a_page_left_at_work_leaves_nothing_behind(left, open_view):
    """`open_view` fails on what Streamlit says to the console of a fragment that has no place on the page."""
    page, name = open_view(left), left.split("?")[0]
    page.set_default_timeout(PATIENCE_MS)
    for other in GONE_TO:
        if other == name:
            continue
        page.wait_for_selector(LINKS.format(other), state="attached")
        if name == "map":
            page.wait_for_function("!!globalThis.neMap?.ask.seen")
        page.evaluate(LEAVE, LINKS.format(other))
        whole(page, other)
        page.evaluate("() => globalThis.neMap?.ask.seen?.([Math.random(), 1, 0, 1])")  # later still
        page.go_back()
        whole(page, name)
