"""Details of a neuron in headless Chromium: figures by pointer and keyboard, logit effects, narrow screens."""

import re

import pytest

from tests.support import in_browser

expect, pytestmark = in_browser.expect, in_browser.pytestmark
LARGE = "neuron?atlas=planted&layer=0&neuron=0"


def open_tab(page, name: str) -> None:
    """Unfold the details and open one of their tabs."""
    page.get_by_text(re.compile("^Details of feature 0")).click()
    page.get_by_role("tab", name=name, exact=True).click()


@pytest.mark.slow
def test_importance_by_distance_by_keyboard(open_view):
    page = open_view(LARGE)
    open_tab(page, "Importance by distance")
    figure = page.get_by_role("group", name="Mean importance by distance from the key token: feature 0.")
    expect(figure.locator(".bar")).to_have_count(7)
    figure.focus()
    page.keyboard.press("End")
    status = page.get_by_role("status").filter(has_text=re.compile(r"^−1: mean [+−-]\d\.\d\d, standard deviation"))
    expect(status).to_have_count(1)
    expect(page.get_by_role("tooltip").filter(has_text="−1: mean")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "theme"), [(1400, "light"), (420, "dark")])
def test_tab_is_drawn_when_opened(width, theme, open_view):
    page = open_view(LARGE, width=width, theme=theme)
    open_tab(page, "Activations")
    figure = page.get_by_role("group", name="Number of sampled positions")
    expect(figure.locator(".bar")).to_have_count(40)
    expect(figure.get_by_text("threshold 3.00")).to_be_visible()
    svg = figure.locator("svg")
    expect(svg).not_to_have_attribute("width", "240")  # the width for a box of no width
    assert svg.bounding_box()["width"] <= figure.bounding_box()["width"]
    wide = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
        .map(box => box.scrollWidth - box.clientWidth)"""
    assert page.evaluate(wide) == [0, 0]


@pytest.mark.slow
def test_raised_token_links_to_its_search(open_view):
    page = open_view(LARGE)
    open_tab(page, "Effect on the logits")
    page.get_by_role("list", name="Raises most").get_by_role("link").first.click()
    expect(page.locator("h1")).to_have_text("Search")
    expect(page).to_have_url(re.compile("mode=token$"))


@pytest.mark.slow
@pytest.mark.parametrize(("width", "theme"), [(1400, "dark"), (420, "light")])
def test_contributions_link_to_a_search(width, theme, open_view):
    page = open_view("neuron?atlas=planted&layer=2&neuron=0&feature=0", width=width, theme=theme)
    open_tab(page, "Why this meaning")
    parts = page.get_by_role("list", name="Parts of the mean pre-activation of feature 0").get_by_role("listitem")
    expect(parts).to_have_count(11)
    expect(parts.first).to_contain_text("head L0 H1")
    assert parts.first.locator(".bar").bounding_box()["width"] > 100
    wide = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
        .map(box => box.scrollWidth - box.clientWidth)"""
    assert page.evaluate(wide) == [0, 0]
    parts.first.get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("Search")
    expect(page).to_have_url(re.compile("mode=token$"))
