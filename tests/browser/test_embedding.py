"""The embedding switch in headless Chromium: the cut and the bookmarks of a neuron in another embedding."""

import re

import pytest

from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
HREF = "neuron?atlas=planted&layer=0&neuron=2&embedding=whitened"


@pytest.mark.slow  # sometimes the address follows the link and the page does not; tests/pages covers what it shows
def test_cut_and_bookmark_belong_to_the_embedding(open_view):
    page = open_view(HREF + "&cut=0.4")
    page.get_by_role("link", name=re.compile("Default cut 0.8")).click()
    expect(page).to_have_url(re.compile("neuron=2&embedding=whitened$"))
    expect(page.get_by_text(re.compile("at cut 0.8"))).to_be_visible()  # drawn after the toolbar, which bookmarks
    settled(page)
    page.get_by_role("button", name="☆ Bookmark").click()
    page.locator("#bookmarks summary").click()
    link = page.get_by_role("list", name="Bookmarks").get_by_role("link")
    expect(link).to_contain_text("L0 N2, whitened")
    expect(link).to_have_attribute("href", HREF)
    settled(page)  # a run that ends while the list is open would close it
    page.get_by_role("combobox", name="Embedding").click()
    page.get_by_role("option", name=re.compile("the atlas’s")).click()
    expect(page).to_have_url(re.compile("neuron=2$"))
    expect(page.get_by_role("button", name="☆ Bookmark")).to_be_visible()
    link.click()
    expect(page).to_have_url(re.compile("neuron=2&embedding=whitened$"))
    expect(page.get_by_role("button", name="★ Bookmarked")).to_be_visible()
