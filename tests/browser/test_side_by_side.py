"""Side by side in headless Chromium: opening a pair from a neuron, swapping it, and opening a feature."""

import re

import pytest

from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark


def test_compare_then_swap_then_open_the_other(open_view):
    page = open_view("neuron?layer=0&neuron=0")
    page.evaluate("window.same = true")
    similar = page.get_by_role("list", name="Features similar to feature 0")
    compare = similar.get_by_role("link", name=re.compile("^Side by side")).first
    other = re.search(r"b=(\d+)\.(\d+)\.(\d+)", compare.get_attribute("href"))
    layer, neuron, feature = map(int, other.groups())
    compare.click()
    expect(page.locator("h1")).to_have_text("Side by side")
    expect(page).to_have_url(re.compile(rf"/side_by_side\?atlas=planted&a=0\.0\.0&{re.escape(other.group())}$"))
    first = page.get_by_role("list", name="Examples of a, L0 N0 F0").get_by_role("listitem")
    expect(first).to_have_count(10)
    first.first.locator(".token.key").hover()
    expect(page.get_by_role("tooltip").filter(has_text="activation")).to_be_visible()
    page.get_by_role("button", name="Swap").click()
    expect(page).to_have_url(re.compile(rf"a={layer}\.{neuron}\.{feature}&b=0\.0\.0$"))
    expect(page.get_by_role("list", name=f"Examples of a, L{layer} N{neuron} F{feature}")).to_be_visible()
    page.get_by_role("list", name="Feature b").get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("Layer 0 · Neuron 0")
    assert page.evaluate("window.same")
    page.go_back()
    expect(page.get_by_role("list", name="Examples of b, L0 N0 F0")).to_be_visible()


def test_narrow_screen_stacks_the_columns(open_view):
    page = open_view("side_by_side?a=0.2.3&b=2.3.0", width=420, theme="dark")  # features with hostile tokens
    a, b = (page.get_by_role("list", name=f"Examples of {side}") for side in "ab")
    expect(b).to_be_visible()
    settled(page)
    assert a.bounding_box()["y"] + a.bounding_box()["height"] <= b.bounding_box()["y"]
    wide = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
        .map(box => box.scrollWidth - box.clientWidth)"""
    assert page.evaluate(wide) == [0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("view", ["neuron?layer=0&neuron=0", "search?q=cat"])
def test_extra_links_of_a_row_do_not_cover_its_text(view, open_view):
    page = open_view(view)
    rows = page.locator("li:visible", has=page.locator(".also"))
    rows.first.wait_for()
    covered = """(rows) => rows.flatMap((row) => {
        const link = row.querySelector('.also a').getBoundingClientRect();
        const overlaps = (box) => box.width && box.left < link.right && box.right > link.left
            && box.top < link.bottom - 2 && box.bottom > link.top + 2;
        const parts = [...row.querySelectorAll('.token, .label, .meta')];
        return parts.filter((each) => [...each.getClientRects()].some(overlaps));
    }).length"""
    assert rows.evaluate_all(covered) == 0
