"""The overview in a browser: from the drawn neuron to its page, and back."""

import re

from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark


def test_drawn_neuron_opens_anywhere_and_its_features_open_themselves(open_view):
    page = open_view("overview?start=1")
    title = page.get_by_role("link", name="Layer 2 · Neuron 0")
    expect(title).to_be_visible()
    page.locator("section svg path").first.wait_for()
    lead = page.locator("section #lead").bounding_box()
    page.mouse.click(lead["x"] + lead["width"] / 2, lead["y"] + lead["height"] / 2)
    expect(page.locator("h1")).to_have_text("Layer 2 · Neuron 0")
    settled(page)
    page.go_back()
    expect(title).to_be_visible()
    assert page.url.endswith("overview?atlas=planted&start=1")
    page.get_by_role("list", name="Features of Layer 2 · Neuron 0").get_by_role("link").nth(1).click()
    expect(page).to_have_url(re.compile("layer=2&neuron=0&feature=1"))
    page.go_back()
    page.get_by_role("link", name="Another").click()
    expect(page).to_have_url(re.compile("start=2"))
