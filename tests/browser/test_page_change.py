"""Leaving a page while it is still computing, in headless Chromium on a busy machine: the next page is complete.

Fragments run independently. A result for the previous page must not be drawn into the next one, which has other blocks:
Streamlit would show a blank page until it is reloaded.
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
# Pages with a fragment. Of the pages opened next, some run to the end and some stop early.
STARTS = (
    pytest.param("map", marks=pytest.mark.slow),
    pytest.param("neuron?layer=0&neuron=0", marks=pytest.mark.slow),
    pytest.param("ranking", marks=pytest.mark.slow),
    "search?q=cat",
    pytest.param("across_layers", marks=pytest.mark.slow),
)
HEADINGS = {
    **{"map": "Map", "ranking": "Ranking", "search": "Search", "side_by_side": "Side by side", "about": "About"},
    **{"sae_lab": "SAE lab", "neuron": "Layer 0 · Neuron 0", "across_layers": re.compile("across layers$")},
}
NEXT_PAGES = ("search", "side_by_side", "about", "sae_lab")
LINKS = "[data-testid=stSidebar] a[href*='{}?']"
# Just after the click, two fragments are requested: the map reports its visible part, and the Export menu opens.
LEAVE = """(link) => {
    document.querySelector(link).click();
    globalThis.neMap?.request.view?.([Math.random(), 1, 0, 1]);
    document.querySelector('[data-testid=stMain] [data-testid=stPopover] button')?.click();
}"""


@pytest.fixture(scope="module", autouse=True)
def busy() -> Iterator[None]:
    """Keep every core busy."""
    # Parallel test workers keep the other cores busy.
    n_loops = 1 if "PYTEST_XDIST_WORKER" in os.environ else os.cpu_count() or 1
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n_loops)]
    yield
    for each in loops:
        each.kill()
        each.wait()


def expect_complete(page, name: str) -> None:
    """Wait until the page is shown and its late parts are drawn."""
    expect(page).to_have_url(re.compile(f"/{name}\\?atlas="))
    expect(page.locator("[data-testid=stMain] h1")).to_have_text(HEADINGS[name])
    settled(page)
    expect(page.locator("[data-testid=stMain] [data-testid=stElementContainer]").nth(1)).to_be_attached()


@pytest.mark.parametrize("start", STARTS)
def test_next_page_is_complete_after_leaving_a_busy_page(start, open_view):
    """`open_view` fails on Streamlit's console message about a fragment without a place on the page."""
    page, name = open_view(start), start.split("?")[0]
    page.set_default_timeout(PATIENCE_MS)
    for other in NEXT_PAGES:
        if other == name:
            continue
        page.wait_for_selector(LINKS.format(other), state="attached")
        if name == "map":
            page.wait_for_function("!!globalThis.neMap?.request.view")
        page.evaluate(LEAVE, LINKS.format(other))
        expect_complete(page, other)
        page.evaluate(
            "() => globalThis.neMap?.request.view?.([Math.random(), 1, 0, 1])"
        )  # another request, after the next page is drawn
        page.go_back()
        expect_complete(page, name)
