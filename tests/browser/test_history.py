"""History of a tab in headless Chromium: each step is one entry, and Back and Forward restore each."""

import itertools
import re

import pytest

from pages.components.shell.nav import pages_of
from tests.support import in_browser
from tests.support.browser import PATIENCE_MS, settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
ANSWERED = "before => location.href !== before && globalThis.neHistory && !neHistory.waiting"
LENGTH = "history.length"  # limited to 50, so a fresh page is needed


def menu(name: str):
    return lambda page: page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()


def link(list_name: str):
    return lambda page: page.get_by_role("list", name=re.compile(list_name)).get_by_role("link").first.click()


def button(name: str):
    return lambda page: page.get_by_role("button", name=name, exact=True).click()


def key(sign: str, until: str = "?"):
    def press(page) -> None:
        page.wait_for_function("sign => window.neKeys?.[sign]?.some((each) => each.isConnected)", arg=until)
        page.keyboard.press(sign)

    return press


def typed(label: str, text: str):
    def fill(page) -> None:
        page.get_by_label(label).fill(text)
        page.get_by_label(label).press("Enter")

    return fill


def option(name: str):
    return lambda page: page.get_by_test_id("stMain").get_by_text(name, exact=True).first.click()


def chip(name: str):
    return lambda page: page.get_by_test_id("stMain").get_by_role("link", name=name).first.click()


WALK = [
    button("Next"),
    menu("Ranking"),
    chip("Highest mean distance"),
    chip("Largest"),  # a column heading: sorts by it
    menu("Search"),
    typed("Search features", "cat"),
    menu("Ranking"),  # in its last state
    menu("Search"),
    link("Features found"),
    key("j", until="j"),
    button("Random"),
    key("m"),
    option("Size"),
    key("d"),
    chip("Two meanings"),
    button("Swap"),
    menu("Across layers"),
    menu("Spaces"),
    button("Next"),
    chip("This neuron’s features"),
    menu("Overview"),
    key("e"),
    menu("About"),
    menu("SAE lab"),
    key("t"),
]


def view(page) -> tuple[str, str, str]:
    """Address, heading and title of the tab, once the server has answered and everything is drawn."""
    page.set_default_timeout(PATIENCE_MS)
    page.wait_for_function("globalThis.neHistory && !neHistory.waiting")
    page.get_by_test_id("stSidebar").get_by_role("link", name="About", exact=True).wait_for()
    settled(page)
    expect(page.locator("h1")).to_have_count(1)
    return page.url, page.locator("h1").inner_text(), page.title()


@pytest.mark.slow
def test_each_step_is_one_history_entry(open_view):
    page = open_view("neuron?layer=0&neuron=0", fresh=True)
    views, length = [view(page)], page.evaluate(LENGTH)
    for number, step in enumerate(WALK):
        before = page.url
        step(page)
        page.wait_for_function(ANSWERED, arg=before)
        views.append(view(page))
        assert page.evaluate(LENGTH) == length + number + 1, views[-2:]
    assert all(one[0] != other[0] for one, other in itertools.pairwise(views))
    for expected in views[-2::-1]:
        page.go_back()
        expect(page).to_have_title(expected[2])
        assert view(page) == expected
    for expected in views[1:]:
        page.go_forward()
        expect(page).to_have_title(expected[2])
        assert view(page) == expected


@pytest.mark.slow
def test_short_address_is_one_history_entry(open_view):
    """The full address replaces the short one: one Back leaves the page."""
    page = open_view("about", fresh=True)
    for short in ("neuron", "across_layers", "spaces", "map", ""):
        length = page.evaluate(LENGTH)
        page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + "/" + short)
        view(page)
        assert page.evaluate(LENGTH) == length + 1
        assert "atlas=planted" in page.url


@pytest.mark.slow
def test_rapid_steps_are_separate_history_entries(open_view):
    page = open_view("neuron?layer=0&neuron=0", fresh=True)
    first, length = view(page), page.evaluate(LENGTH)
    names = ["ranking", "search", "map", "about"]
    page.evaluate(
        """(names) => { for (const name of names) {
            document.querySelector(`[data-testid=stSidebar] a[href*="${name}?"]`).click(); } }""",
        names,
    )
    expect(page.locator("h1")).to_have_text("About")
    assert view(page)[0].split("/")[-1].startswith("about?")
    assert page.evaluate(LENGTH) == length + len(names)
    for name in names[-2::-1]:
        page.go_back()
        expect(page).to_have_url(re.compile(f"/{name}\\?atlas=planted$"))
    page.go_back()
    expect(page).to_have_title(first[2])
    assert view(page) == first


@pytest.mark.slow
def test_menu_link_opens_in_a_new_tab(open_view):
    page = open_view("ranking")
    before = view(page)[0]
    with page.context.expect_page() as other:
        page.get_by_test_id("stSidebar").get_by_role("link", name="Search", exact=True).click(modifiers=["Control"])
    expect(other.value.locator("h1")).to_have_text("Search")
    assert page.url == before


@pytest.mark.slow
@pytest.mark.parametrize("name", pages_of(None))
def test_titles_of_pages_differ(name, open_view):
    page = open_view(name)
    TITLES[name] = view(page)[2]
    assert TITLES[name].endswith(" · planted")
    assert list(TITLES.values()).count(TITLES[name]) == 1


TITLES: dict[str, str] = {}
