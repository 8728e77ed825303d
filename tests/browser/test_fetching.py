"""Explorer whose atlas is still being fetched: the requested page shows a progress bar, and then its content."""

import re

import pytest

from tests.support import in_browser
from tests.support.browser import PageErrors, served, settled
from tests.support.web import Fault, Site

expect, pytestmark = in_browser.expect, in_browser.pytestmark
PATH = "/planted.atlas.zip"


@pytest.mark.slow
def test_deep_link_shows_progress_and_then_opens(browser, packed, tmp_path):
    with Site() as site:
        site.files[PATH] = packed
        site.always[PATH] = Fault(per_s=len(packed) // 4)
        environment = {"NE_ATLAS": site.address + PATH, "NE_CACHE": str(tmp_path / "cache")}
        with served(tmp_path / "none", **environment) as address:
            context = browser.new_context()
            page = context.new_page()
            page_errors = PageErrors(page, address)
            page.goto(f"{address}/neuron?atlas=planted&layer=0&neuron=2")
            expect(page.locator("h1")).to_have_text("The atlas is being fetched")
            bar = page.get_by_role("progressbar")
            expect(bar).to_be_visible()
            expect(page.get_by_text(re.compile(r"of 0\.0 MB · .* left"))).to_be_visible()
            expect(page.locator("h1")).to_have_text("Layer 0 · Neuron 2")
            settled(page)
            assert re.search(r"/neuron\?atlas=planted&layer=0&neuron=2", page.url)
            assert not page.get_by_role("progressbar").count()
            assert page_errors.errors == []
            context.close()
        assert len([each for each in site.requests if each.method == "GET"]) == 1
