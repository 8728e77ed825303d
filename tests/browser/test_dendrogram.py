"""The dendrogram in headless Chromium: its cut by pointer and keyboard, branches, leaves, narrow screens."""

import re

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.trees.cluster import cut
from ne_core.method.trees.dendrogram import dendrogram
from ne_core.method.trees.node_colours import feature_colours
from ne_core.palette import feature_colour
from ne_core.refs import NeuronRef
from tests.support import in_browser
from tests.support.browser import settled
from tests.support.planted import CUT

expect, pytestmark = in_browser.expect, in_browser.pytestmark
MIDDLE = """path => {
    const point = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
    return [point.x, point.y];
}"""
SEVERAL = "neuron?atlas=planted&layer=0&neuron=2"


@pytest.fixture
def open_view(open_view):
    """Function that opens a view with a tree and waits for the line of its cut."""

    def open_wide_view(view: str, **options):
        page = open_view(view, **{"width": 1400, "height": 1000, **options})
        cut_line(page).wait_for()
        return page

    return open_wide_view


@pytest.fixture(scope="module")
def several(tiny_atlas):
    return Atlas.open(tiny_atlas).neuron(NeuronRef(0, 2))


def cut_line(page):
    return page.get_by_role("slider", name="Cut of the tree")


def current_cut(page) -> float:
    return float(cut_line(page).get_attribute("aria-valuenow"))


def drawn_features(page) -> list[int]:
    """Feature of every leaf, from the left."""
    return [int(text) for text in page.locator(".leaf").evaluate_all("all => all.map(each => each.dataset.feature)")]


def expected_features(neuron, distance: float) -> list[int]:
    return cut(neuron.tree, distance)[dendrogram(neuron.tree).order].tolist()


def drawn_colours(page) -> list[str]:
    """Colour of every leaf, from the left."""
    return page.locator(".leaf").evaluate_all("all => all.map(each => each.style.getPropertyValue('--c'))")


def expected_colours(neuron, distance: float) -> list[str]:
    features = cut(neuron.tree, distance)
    numbers = feature_colours(neuron.tree, features, distance, CUT)
    return [feature_colour(number).css for number in numbers[features[dendrogram(neuron.tree).order]].tolist()]


def drag(page, by: float, release: bool = True) -> None:
    cut_line(page).hover()  # waits until the layout above it is stable
    box = cut_line(page).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + by / 2)
    page.mouse.move(x, y + by)
    if release:
        page.mouse.up()


def stable_middle(page, path) -> list[float]:
    """Middle of a path, once it no longer moves."""
    before, middle = None, path.evaluate(MIDDLE)
    while middle != before:
        page.wait_for_timeout(300)
        before, middle = middle, path.evaluate(MIDDLE)
    return middle


def feature_rows(page):
    return page.get_by_role("list", name="Features of this neuron").locator("li")


def test_page_follows_the_dragged_cut(open_view, several):
    page = open_view(SEVERAL)
    before = page.url
    drag(page, -500, release=False)  # above the tree: one feature
    expect(cut_line(page)).to_have_attribute("aria-valuetext", re.compile(": 1 feature$"))
    assert set(drawn_features(page)) == {0}
    expect(feature_rows(page)).to_have_count(1)  # before the button is released
    expect(page).to_have_url(re.compile(rf"&cut={current_cut(page):g}$"))
    page.mouse.up()
    settled(page)
    expect(feature_rows(page)).to_have_count(1)
    page.go_back()  # the whole drag is one history entry
    expect(feature_rows(page)).to_have_count(4)
    assert page.url == before


@pytest.mark.slow
def test_cut_dragged_back_before_release_restores_the_open_feature(open_view):
    page = open_view(SEVERAL + "&feature=2")
    before = page.url
    box = cut_line(page).bounding_box()
    drag(page, -500, release=False)
    expect(feature_rows(page)).to_have_count(1)
    expect(page).to_have_url(re.compile("&feature=0&cut="))
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.up()
    expect(feature_rows(page)).to_have_count(4)
    expect(page.get_by_role("heading", name="Feature 2")).to_be_visible()
    assert page.url.split("&cut=")[0] == before
    page.go_back()
    expect(feature_rows(page)).to_have_count(4)
    expect(cut_line(page)).to_have_attribute("aria-valuenow", "0.5")


@pytest.mark.slow
def test_browser_numbers_features_like_the_core_at_every_cut(open_view, several):
    page = open_view(SEVERAL + "&cut=0")
    for distance in np.quantile(several.tree[:, 2], np.linspace(0, 1, 7)).round(4).tolist():
        page.goto(re.sub("cut=.*", f"cut={distance:g}", page.url))
        settled(page)
        expect(cut_line(page)).to_have_attribute("aria-valuenow", f"{distance:g}")
        assert drawn_features(page) == expected_features(several, distance)


def test_moved_cut_numbers_features_like_the_core(open_view, several):
    page = open_view(SEVERAL)
    cut_line(page).focus()
    for _ in range(4):
        page.keyboard.press("PageUp")
        assert drawn_features(page) == expected_features(several, current_cut(page))
        assert drawn_colours(page) == expected_colours(several, current_cut(page))
    page.keyboard.press("Home")
    assert drawn_colours(page) == expected_colours(several, 0.0)
    assert drawn_features(page) == expected_features(several, 0.0)


def test_cut_by_keyboard(open_view, several):
    page = open_view(SEVERAL)
    line = cut_line(page)
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
    expect(feature_rows(page)).to_have_count(1)
    assert current_cut(page) == float(line.get_attribute("aria-valuemax"))
    assert line.get_attribute("aria-valuemin") == "0"


@pytest.mark.slow
def test_click_on_the_axis_moves_the_cut(open_view):
    page = open_view(SEVERAL)
    page.locator(".ground").click(position={"x": 20, "y": 16})
    expect(feature_rows(page)).to_have_count(1)


@pytest.mark.slow
def test_cut_keeps_the_requested_feature_open(open_view):
    """Feature 3 becomes part of feature 0 when the cut joins all; the tree keeps its position on the screen."""
    page = open_view(SEVERAL + "&feature=3")
    page.get_by_role("group", name="Dendrogram").scroll_into_view_if_needed()
    left = cut_line(page).bounding_box()["x"]
    drag(page, -500)
    expect(page).to_have_url(re.compile(r"feature=0&cut=[\d.]+$"))
    expect(page.locator("h3", has_text="Feature 0")).to_be_attached()
    assert cut_line(page).bounding_box()["x"] == left


@pytest.mark.slow
def test_default_cut_and_suggested_cut_are_links(open_view):
    page = open_view(SEVERAL + "&embedding=whitened&cut=1.2")
    page.get_by_role("link", name=re.compile("Suggested cut .* 4 features")).click()
    expect(feature_rows(page)).to_have_count(4)
    page.get_by_role("link", name=re.compile("Default cut 0.8 · 4 features")).click()
    expect(page).to_have_url(re.compile("neuron=2&embedding=whitened$"))
    expect(page.locator(".mark text")).to_have_count(2)
    settled(page)
    boxes = "all => all.map(each => each.getBoundingClientRect().toJSON())"
    names, tree = (page.locator(each).evaluate_all(boxes) for each in (".mark text", ".leaf .tick"))
    assert min(name["left"] for name in names) > max(leaf["right"] for leaf in tree)
    upper, lower = sorted(name["y"] for name in names)
    assert lower - upper >= 12


def test_branch_opens_and_closes(open_view, several):
    page = open_view(SEVERAL)
    top = len(several.tree) - 2
    near = page.locator(f'[data-node="{len(several) + top}"] .near')
    page.mouse.click(*stable_middle(page, near))
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
    status = page.get_by_role("status").filter(has_text=re.compile(f"^Branch point {root} at"))
    assert "18 examples of features 0, 1, 2, 3, holds every example" in status.inner_text()
    page.keyboard.press("PageDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"branch=\d+$"))
    expect(page.locator("h3", has_text="Branch point")).to_be_attached()


@pytest.mark.slow
def test_leaf_shows_its_snippet_as_text(open_view):
    """The key token of feature 3 is a control character that reverses text; tokens around it are markup."""
    page = open_view(SEVERAL)
    page.locator('.leaf[data-feature="3"] .hit').first.hover(force=True)
    tip = page.get_by_role("tooltip").filter(has_text="Feature 3")
    expect(tip.locator("b")).to_have_text("[U+202E]")
    expect(tip.locator(".label")).to_contain_text("“[U+202E]”")  # its name
    assert page.locator("#tip img, #tip script").count() == 0


@pytest.mark.slow
def test_cut_by_touch_on_a_narrow_screen(open_view):
    page = open_view(SEVERAL, width=420, has_touch=True, theme="dark")
    cut_line(page).scroll_into_view_if_needed()
    drag(page, -500)
    expect(feature_rows(page)).to_have_count(1)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
