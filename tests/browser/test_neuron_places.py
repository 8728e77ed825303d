"""Places of the page Neuron in headless Chromium: what stays in sight on a wide screen, the order on a narrow one."""

import re

import pytest

from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
LARGE = "neuron?atlas=planted&layer=0&neuron=0"
SCROLL = "document.querySelector('[data-testid=stMain]').scrollTop = 600"


def places(page) -> list:
    tree = page.get_by_role("group", name=re.compile("^Dendrogram"))
    return [page.get_by_role("list", name=re.compile(f"^{name}")) for name in ("Features of", "Examples of")] + [tree]


def test_features_and_tree_stay_in_sight_and_a_bar_moves_the_cut(open_view):
    page = open_view(LARGE, width=1400, height=900)
    features, examples, tree = places(page)
    expect(examples.get_by_role("listitem").first).to_be_in_viewport(ratio=0.99)
    expect(features.get_by_role("listitem").first).to_be_in_viewport(ratio=0.99)
    page.evaluate(SCROLL)
    expect(examples.get_by_role("listitem").first).not_to_be_in_viewport()
    expect(features.get_by_role("listitem").first).to_be_in_viewport(ratio=0.99)
    expect(tree).to_be_in_viewport(ratio=0.99)
    page.get_by_role("group", name="Number of features by cut.").locator(".bar").last.click()
    expect(page).to_have_url(re.compile(r"&cut=1\.\d+$"))
    settled(page)
    expect(features.get_by_role("listitem")).to_have_count(1)


@pytest.mark.slow
def test_narrow_screen_has_features_examples_tree(open_view):
    page = open_view(LARGE, width=420, height=900)
    tops = [place.bounding_box()["y"] for place in places(page)]
    assert tops == sorted(tops)
