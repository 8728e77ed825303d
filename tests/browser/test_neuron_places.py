"""Places of the page Neuron in headless Chromium: what stays in sight, what stays still, and their order."""

import re

import pytest

from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
LARGE = "neuron?atlas=planted&layer=0&neuron=0"
SEVERAL = "neuron?atlas=planted&layer=0&neuron=2"
SCROLLED = "document.querySelector('[data-testid=stMain]').scrollTop"
SCROLL = f"{SCROLLED} = 600"


def places(page) -> list:
    tree = page.get_by_role("group", name=re.compile("^Dendrogram"))
    return [page.get_by_role("list", name=re.compile(f"^{name}")) for name in ("Features of", "Examples of")] + [tree]


def place_on_page(tree) -> dict:
    """Bounding box of the tree, and how far the page is scrolled: the browser must not hide a movement by scrolling."""
    return tree.bounding_box() | {"scrolled": tree.page.evaluate(SCROLLED)}


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


def test_tree_stays_still_while_the_cut_is_dragged_and_moved_by_keys(open_view):
    page = open_view(SEVERAL, width=1400, height=900)
    features, _, tree = places(page)
    line = page.get_by_role("slider", name="Cut of the tree")
    for width in (1400, 420):
        page.set_viewport_size({"width": width, "height": 900})
        line.hover()  # waits until the layout is stable
        before, box = place_on_page(tree), line.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y - 500)
        expect(features.locator("li")).to_have_count(1)
        assert place_on_page(tree) == before
        page.mouse.up()
        page.keyboard.press("Home")
        expect(features.locator("li")).to_have_count(18)
        assert place_on_page(tree) == before


@pytest.mark.slow
def test_narrow_screen_has_tree_features_examples(open_view):
    page = open_view(LARGE, width=420, height=900)
    features, examples, tree = (place.bounding_box()["y"] for place in places(page))
    assert tree < features < examples
