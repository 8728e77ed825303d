"""Search and trails in headless Chromium: from a name to its feature, from a feature to similar ones."""

import re

import pytest

from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
TRAIL = "across_layers?layer=0&neuron=0&feature=0&space=pre_mlp&least=0.9"


def hits(page):
    return page.get_by_role("list", name="Features found")


def trail(page):
    return page.get_by_role("navigation", name="Trail", exact=True)


def expect_feature(page, layer: int, neuron: int, feature: int) -> None:
    expect(page.locator("h1")).to_have_text(re.compile(f"Layer {layer} · Neuron {neuron}"))
    expect(page.locator("h3", has_text=f"Feature {feature}").first).to_be_in_viewport()


def test_typed_name_finds_its_feature(open_view):
    page = open_view("search?mode=name")
    page.evaluate("window.same = true")
    page.get_by_label("Search features").fill("dog")
    page.get_by_label("Search features").press("Enter")
    hits(page).get_by_role("link", name=re.compile("L0 N2")).first.click()
    expect_feature(page, 0, 2, 0)
    assert page.evaluate("window.same")
    page.go_back()
    expect(hits(page).locator("a[data-row]").first).to_contain_text("dog")


@pytest.mark.slow
def test_more_like_this_and_back(open_view):
    page = open_view("search?q=cat")
    hits(page).get_by_role("link", name="More like this L0 N0 feature 0").click()
    expect(page.locator("h3", has_text="More like this feature")).to_be_visible()
    expect(page).to_have_url(re.compile(r"like=0\.0\.0"))
    expect(page.get_by_role("list", name="The feature")).to_contain_text("L0 N0")
    expect(hits(page).locator("a[data-row]")).to_have_count(15)  # all but the two of its own neuron
    page.go_back()
    expect(page.get_by_label("Search features")).to_have_value("cat")


@pytest.mark.slow
def test_next_page_of_results(open_view):
    page = open_view("search?q=the")
    first = hits(page).locator("a[data-row]").first.get_attribute("href")
    pages = page.get_by_role("navigation", name="Pages")
    if pages.count():
        pages.get_by_role("link", name="Next").click()
        expect(page).to_have_url(re.compile("page=1"))
        expect(hits(page).locator("a[data-row]").first).not_to_have_attribute("href", first)


@pytest.mark.slow
def test_filter_in_the_address_applies(open_view):
    page = open_view("search?q=the&layer=2")
    names = hits(page).locator("a[data-row] .name")
    names.first.wait_for()
    assert {text.split()[0] for text in names.all_inner_texts()} == {"L2"}


@pytest.mark.slow
def test_trail_node_opens_its_feature(open_view):
    page = open_view(TRAIL)
    page.evaluate("window.same = true")
    nodes = trail(page).locator("a.node")
    expect(nodes).to_have_count(4)
    trail(page).get_by_role("link", name=re.compile("L2 N0 F0")).first.click()
    expect_feature(page, 2, 0, 0)
    assert page.evaluate("window.same")
    page.go_back()
    expect(nodes).to_have_count(4)


@pytest.mark.slow
def test_address_of_a_trail_reproduces_it(open_view):
    page = open_view("neuron?layer=0&neuron=0&feature=0&space=pre_mlp")
    page.get_by_role("link", name="Follow across layers").click()
    expect(page.locator("h1")).to_have_text("L0 N0 F0 across layers")
    nodes = trail(page).locator("a.node")
    nodes.nth(3).wait_for()
    settled(page)
    reopened = open_view(page.url.split("/")[-1])
    trail(reopened).locator("a.node").nth(3).wait_for()
    assert trail(reopened).locator("a.node").all_inner_texts() == nodes.all_inner_texts()


@pytest.mark.slow
def test_trail_restarts_from_another_node(open_view):
    page = open_view(TRAIL)
    trail(page).get_by_role("link", name="Trail from L2 N0 F0").click()
    expect(page.locator("h1")).to_have_text("L2 N0 F0 across layers")
    expect(trail(page).locator("li.seed")).to_contain_text("L2 N0 F0")


def test_trail_by_keyboard(open_view):
    page = open_view(TRAIL)
    trail(page).locator("li.seed a.node").focus()
    expect(trail(page).locator("path.on")).to_have_count(2)
    page.keyboard.press("ArrowRight")
    layers = trail(page).get_by_role("list")
    expect(layers.nth(1).locator("a.node:focus")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(layers.nth(1).locator("li").nth(1).locator("a.node")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(re.compile("Layer 2 · Neuron"))


@pytest.mark.parametrize("view", [TRAIL, "search?q=the", pytest.param("search?like=0.0.0", marks=pytest.mark.slow)])
@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_narrow_screen_does_not_scroll_sideways(view, theme, open_view):
    page = open_view(view, width=420, theme=theme)
    page.locator("a[data-row]").first.wait_for()
    wide = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
        .map(box => box.scrollWidth - box.clientWidth)"""
    assert page.evaluate(wide) == [0, 0]


def test_hostile_names_in_a_trail_are_text(open_view):
    """`open_view` fails on any dialog, error or request to another host."""
    page = open_view("across_layers?layer=0&neuron=2&feature=2&space=pre_mlp&least=0.5")
    expect(trail(page)).to_contain_text("<script>alert(1)</scrip…")
    assert page.locator("script", has_text="alert(1)").count() == 0
