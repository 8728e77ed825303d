"""One Chromium for all browser tests of a worker, and one page of the planted atlas: starting both takes seconds."""

import pytest

from tests.support.browser import Browsers
from tests.support.reused_page import ReusedPage


@pytest.fixture(scope="package")
def browsers():
    with Browsers() as browsers:
        yield browsers


@pytest.fixture(scope="module")
def browser(browsers):
    return browsers.get()


@pytest.fixture(scope="package")
def planted_page(browsers, planted_address: str):
    with ReusedPage(browsers.get(), planted_address) as page:
        yield page


@pytest.fixture(scope="module")
def reused_page(request: pytest.FixtureRequest, browser, address: str, planted_address: str):
    """Yield the page of the planted atlas, or one of this file's own browser or address."""
    planted_page = request.getfixturevalue("planted_page") if address == planted_address else None
    if planted_page and planted_page.browser is browser:
        yield planted_page
        return
    with ReusedPage(browser, address) as page:
        yield page
