"""The ranking in headless Chromium: presets, sorting, rows, the keyboard, a narrow screen."""

import re

import pytest

from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark


def table(page):
    return page.get_by_role("table", name="Neurons")


def wait_for_query(page, query: str) -> None:
    page.wait_for_url(re.compile(re.escape(query)))
    settled(page)


def test_preset_lists_primary_and_rare_neurons(open_view):
    page = open_view("")
    page.evaluate("window.same = true")
    page.get_by_role("link", name="Ranking", exact=True).click()
    expect(page.locator("h1")).to_have_text("Ranking")
    page.get_by_role("link", name="Primary and rare").click()
    wait_for_query(page, "class=primary-rare")
    expect(page.get_by_role("link", name="Primary and rare")).to_have_attribute("aria-current", "true")
    names = table(page).locator("tbody a")
    expect(names).to_have_count(2)
    names.first.click()
    expect(page.locator("h1")).to_have_text(re.compile(r"Layer [02] · Neuron 0"))
    assert page.evaluate("window.same")
    page.go_back()
    expect(table(page).locator("tbody a")).to_have_count(2)


@pytest.mark.slow
def test_click_anywhere_on_a_row_opens_it(open_view):
    page = open_view("ranking?sort=neuron")
    table(page).locator("tbody tr").nth(2).locator("td").last.click()
    expect(page.locator("h1")).to_have_text("Layer 0 · Neuron 2")


def test_heading_sorts_and_reverses(open_view):
    page = open_view("ranking")
    size = table(page).locator("th", has_text="Size")
    size.click(position={"x": 3, "y": 3})  # a corner of the cell, beside the link
    expect(size).to_have_attribute("aria-sort", "descending")
    table(page).get_by_role("link", name="Size").click()
    expect(size).to_have_attribute("aria-sort", "ascending")
    wait_for_query(page, "sort=size&order=asc")
    expect(table(page).locator("tbody a").first).to_have_text("L0 N4")
    page.go_back()
    expect(table(page).locator("th", has_text="Size")).to_have_attribute("aria-sort", "descending")


@pytest.mark.slow
def test_all_columns_are_in_sight_in_a_window_of_1400(open_view):
    page = open_view("ranking", width=1400)
    expect(table(page).locator("tbody a")).to_have_count(11)
    assert table(page).locator("xpath=..").evaluate("box => box.scrollWidth - box.clientWidth") == 0


@pytest.mark.slow
def test_rows_and_headings_by_keyboard(open_view):
    page = open_view("ranking?sort=neuron")
    table(page).get_by_role("link", name="Inter").focus()
    expect(page.get_by_role("tooltip").filter(has_text="Mean distance between features")).to_be_visible()
    table(page).locator("tbody a").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Layer 0 · Neuron 1")


@pytest.mark.slow
def test_empty_ranking_links_to_fewer_filters(open_view):
    page = open_view("ranking?layer=2&features=4-")
    page.get_by_role("link", name="without layer 2: 1 neuron").click()
    expect(table(page).locator("tbody a")).to_have_text(["L0 N2"])


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_narrow_screen_scrolls_only_the_table(theme, open_view):
    page = open_view("ranking", width=420, theme=theme)
    expect(table(page).locator("tbody a")).to_have_count(11)
    wide = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
        .map(box => box.scrollWidth - box.clientWidth)"""
    assert page.evaluate(wide) == [0, 0]
    first = table(page).locator("tbody th").first
    before = first.bounding_box()["x"]
    table(page).locator("xpath=..").evaluate("each => { each.scrollLeft = 300; }")
    assert first.bounding_box()["x"] == before  # the first column stays visible


@pytest.mark.slow
def test_hostile_tokens_are_text(open_view):
    """`open_view` fails on any dialog, error or request to another host."""
    page = open_view("ranking?sort=neuron")
    expect(table(page)).to_contain_text("<img src")
    assert page.locator("img[src=x]").count() == 0
