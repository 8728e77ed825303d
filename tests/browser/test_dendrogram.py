"""The living dendrogram in headless Chromium: the line by pointer and keys, branches, leaves, narrow screens."""

import re

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.cluster import cut
from ne_core.method.dendrogram import dendrogram
from ne_core.refs import NeuronRef
from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
MIDDLE = """path => {
    const on = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
    return [on.x, on.y];
}"""
SEVERAL = "neuron?atlas=planted&layer=0&neuron=2"


@pytest.fixture
def open_view(open_view):
    """Opens a view that has a tree, and waits for its line."""

    def open_wide_view(view: str, **more):
        page = open_view(view, **{"width": 1400, "height": 1000, **more})
        line_of(page).wait_for()
        return page

    return open_wide_view


@pytest.fixture(scope="module")
def several(tiny_atlas):
    return Atlas.open(tiny_atlas).neuron(NeuronRef(0, 2))


def line_of(page):
    return page.get_by_role("slider", name="Cut of the tree")


def cut_shown(page) -> float:
    return float(line_of(page).get_attribute("aria-valuenow"))


def numbers_drawn(page) -> list[int]:
    """The feature of every leaf, from the left."""
    return [int(text) for text in page.locator(".leaf").evaluate_all("all => all.map(each => each.dataset.feature)")]


def numbers_of(neuron, at: float) -> list[int]:
    return cut(neuron.tree, at)[dendrogram(neuron.tree).order].tolist()


def drag(page, by: float, release: bool = True) -> None:
    line_of(page).hover()  # this waits until nothing above it grows any more
    box = line_of(page).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + by / 2)
    page.mouse.move(x, y + by)
    if release:
        page.mouse.up()


def resting(page, path) -> list[float]:
    """The middle of a path, once nothing that is still being drawn moves it."""
    before, middle = None, path.evaluate(MIDDLE)
    while middle != before:
        page.wait_for_timeout(300)
        before, middle = middle, path.evaluate(MIDDLE)
    return middle


def features_listed(page):
    return page.get_by_role("list", name="Features of this neuron").locator("li")


def test_the_line_is_dragged_and_the_page_follows(open_view, several):
    page = open_view(SEVERAL)
    before = page.url
    drag(page, -500, release=False)  # above the tree, where all is one feature
    expect(line_of(page)).to_have_attribute("aria-valuetext", re.compile(": 1 feature$"))
    assert set(numbers_drawn(page)) == {0}
    expect(features_listed(page)).to_have_count(1)  # while the line is still held
    expect(page).to_have_url(re.compile(rf"&cut={cut_shown(page):g}$"))
    page.mouse.up()
    settled(page)
    expect(features_listed(page)).to_have_count(1)
    page.go_back()  # the whole movement is one step
    expect(features_listed(page)).to_have_count(4)
    assert page.url == before


@pytest.mark.slow
def test_a_line_that_comes_back_before_it_is_let_go_finds_the_feature_that_was_open(open_view):
    page = open_view(SEVERAL + "&feature=2")
    before = page.url
    box = line_of(page).bounding_box()
    drag(page, -500, release=False)
    expect(features_listed(page)).to_have_count(1)
    expect(page).to_have_url(re.compile("&feature=0&cut="))
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.up()
    expect(features_listed(page)).to_have_count(4)
    expect(page.get_by_role("heading", name="Feature 2")).to_be_visible()
    assert page.url.split("&cut=")[0] == before
    page.go_back()
    expect(features_listed(page)).to_have_count(4)
    expect(line_of(page)).to_have_attribute("aria-valuenow", "0.5")


@pytest.mark.slow
def test_at_every_cut_the_browser_numbers_features_as_the_core_does(open_view, several):
    page = open_view(SEVERAL + "&cut=0")
    for at in np.quantile(several.tree[:, 2], np.linspace(0, 1, 7)).round(4).tolist():
        page.goto(re.sub("cut=.*", f"cut={at:g}", page.url))
        settled(page)
        expect(line_of(page)).to_have_attribute("aria-valuenow", f"{at:g}")
        assert numbers_drawn(page) == numbers_of(several, at)


def test_what_moves_is_numbered_as_the_core_does(open_view, several):
    page = open_view(SEVERAL)
    line_of(page).focus()
    for _ in range(4):
        page.keyboard.press("PageUp")
        assert numbers_drawn(page) == numbers_of(several, cut_shown(page))
    page.keyboard.press("Home")
    assert numbers_drawn(page) == numbers_of(several, 0.0)


def test_the_line_by_keyboard(open_view, several):
    page = open_view(SEVERAL)
    line = line_of(page)
    line.focus()
    page.keyboard.press("ArrowDown")
    expect(line).to_have_attribute("aria-valuenow", "0.49")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(line).to_have_attribute("aria-valuenow", "0.51")
    expect(page).to_have_url(re.compile("cut=0.51$"))
    settled(page)
    expect(line).to_be_focused()
    page.keyboard.press("End")
    expect(features_listed(page)).to_have_count(1)
    assert cut_shown(page) == float(line.get_attribute("aria-valuemax"))
    assert line.get_attribute("aria-valuemin") == "0"


@pytest.mark.slow
def test_a_click_on_the_axis_moves_the_cut(open_view):
    page = open_view(SEVERAL)
    page.locator(".ground").click(position={"x": 20, "y": 16})
    expect(features_listed(page)).to_have_count(1)


@pytest.mark.slow
def test_a_feature_that_was_asked_for_is_followed(open_view):
    """All of feature 3 goes into feature 0 where all is one; the tree stays where it is on the screen."""
    page = open_view(SEVERAL + "&feature=3")
    page.get_by_role("group", name="Dendrogram").scroll_into_view_if_needed()
    place = line_of(page).bounding_box()["x"]
    drag(page, -500)
    expect(page).to_have_url(re.compile(r"feature=0&cut=[\d.]+$"))
    expect(page.locator("h3", has_text="Feature 0")).to_be_attached()
    assert line_of(page).bounding_box()["x"] == place


@pytest.mark.slow
def test_the_atlas_cut_and_the_suggested_one_are_a_click_away(open_view):
    page = open_view(SEVERAL + "&cut=1.2")
    page.get_by_role("link", name=re.compile("Suggested cut .* 4 features")).click()
    expect(features_listed(page)).to_have_count(4)
    page.get_by_role("link", name=re.compile("Atlas’s cut 0.5 · 4 features")).click()
    expect(page).to_have_url(re.compile("neuron=2$"))
    expect(page.locator(".mark text")).to_have_count(2)


def test_a_branch_opens_and_closes(open_view, several):
    page = open_view(SEVERAL)
    top = len(several.tree) - 2
    near = page.locator(f'[data-node="{len(several) + top}"] .near')
    page.mouse.click(*resting(page, near))
    expect(page).to_have_url(re.compile(f"neuron=2&branch={top}$"))
    expect(page.locator("h3", has_text=f"Branch point {top}")).to_be_in_viewport()
    expect(page.locator(".selected")).to_have_count(1)
    page.get_by_role("link", name="Back to feature 0").click()
    expect(page.locator("h3", has_text="Feature 0")).to_be_attached()
    expect(page).to_have_url(re.compile("feature=0$"))


@pytest.mark.slow
def test_branches_by_keyboard(open_view, several):
    page = open_view(SEVERAL)
    root = len(several.tree) - 1
    page.get_by_role("group", name="Dendrogram").focus()
    page.keyboard.press("PageUp")
    said = page.get_by_role("status").filter(has_text=re.compile(f"^Branch point {root} at"))
    assert "18 examples of features 0, 1, 2, 3, holds every example" in said.inner_text()
    page.keyboard.press("PageDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"branch=\d+$"))
    expect(page.locator("h3", has_text="Branch point")).to_be_attached()


@pytest.mark.slow
def test_a_leaf_shows_its_snippet_as_text(open_view):
    """Feature 3's key token is a mark that turns text around; others around it are markup."""
    page = open_view(SEVERAL)
    page.locator('.leaf[data-feature="3"] .hit').first.hover(force=True)
    tip = page.get_by_role("tooltip").filter(has_text="Feature 3")
    expect(tip.locator("b")).to_have_text("[U+202E]")
    expect(tip.locator(".label")).to_contain_text("“[U+202E]”")  # its name
    assert page.locator("#tip img, #tip script").count() == 0


@pytest.mark.slow
def test_the_line_by_touch_on_a_narrow_screen(open_view):
    page = open_view(SEVERAL, width=420, has_touch=True, theme="dark")
    line_of(page).scroll_into_view_if_needed()
    drag(page, -500)
    expect(features_listed(page)).to_have_count(1)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
