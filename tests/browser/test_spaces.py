"""Two spaces in headless Chromium: an example is highlighted in four figures, by pointer and by keyboard."""

import re

import pytest

from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
WIDE = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
    .map(box => box.scrollWidth - box.clientWidth)"""


def figure(page, what: str, side: str):
    return page.get_by_role("group", name=re.compile(f"^{what}, {side}:"))


def test_from_the_neuron_to_an_example_in_two_spaces(open_view):
    page = open_view("neuron?layer=0&neuron=2")
    page.evaluate("window.same = true")
    page.get_by_role("link", name="Compare two spaces").click()
    expect(page.locator("h1")).to_have_text("Layer 0 · Neuron 2 in two spaces")
    figure(page, "Plane", "b").locator(".example").last.hover(force=True)  # the last example is on top
    expect(page.locator('.example.on[data-row="17"]')).to_have_count(4)
    leaf = figure(page, "Dendrogram", "b").locator('[data-row="5"]')
    leaf.hover(force=True)
    expect(page.locator('.example.on[data-row="5"]')).to_have_count(4)
    expect(page.locator(".example.on")).to_have_count(4)
    expect(page.get_by_role("tooltip").filter(has_text="Example 5, cluster")).to_be_visible()
    leaf.click(force=True)
    expect(page).to_have_url(re.compile(r"/spaces\?atlas=planted&layer=0&neuron=2&example=5$"))
    expect(page.get_by_role("list", name="Example 5 of L0 N2")).to_be_visible()
    expect(page.locator('.example.selected[data-row="5"]')).to_have_count(4)
    assert page.evaluate("window.same")
    page.go_back()
    expect(page.get_by_role("list", name="Example 5 of L0 N2")).to_have_count(0)


@pytest.mark.slow
def test_examples_by_keyboard(open_view):
    page = open_view("spaces?layer=0&neuron=2")
    tree = figure(page, "Dendrogram", "a")
    expect(tree.locator(".example")).to_have_count(18)
    order = tree.locator(".example").evaluate_all("(all) => all.map((each) => +each.dataset.row)")
    tree.focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    status = page.get_by_role("status").filter(has_text=f"Example {order[1]}, cluster")
    expect(status).to_contain_text("key token")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"example={order[1]}$"))


@pytest.mark.slow
def test_colours_are_the_same_clusters_on_both_sides(open_view):
    page = open_view("spaces?layer=0&neuron=2&clusters=pre_mlp&a=neuron&b=whitened")
    figure(page, "Plane", "b").locator(".example").first.wait_for(state="attached")
    read = "(all) => all.map((each) => [+each.dataset.row, each.dataset.cluster, each.style.getPropertyValue('--c')])"
    colours = [
        sorted(figure(page, what, side).locator(".example").evaluate_all(read))
        for what in ("Dendrogram", "Plane")
        for side in "ab"
    ]
    assert len(colours[0]) == 18
    assert all(each == colours[0] for each in colours)


@pytest.mark.slow
def test_narrow_screen_stacks_the_columns(open_view):
    page = open_view("spaces?layer=0&neuron=2", width=420, theme="dark")
    a, b = figure(page, "Plane", "a"), figure(page, "Dendrogram", "b")
    expect(b).to_be_visible()
    settled(page)
    assert a.bounding_box()["y"] + a.bounding_box()["height"] <= b.bounding_box()["y"]
    assert page.evaluate(WIDE) == [0, 0]


@pytest.mark.slow
def test_boxes_by_keyboard(open_view):
    page = open_view("spaces?layer=0&neuron=2")
    boxes = page.get_by_role("group", name=re.compile("^Silhouette of neurons, by layer and space"))
    expect(boxes.locator(".box")).to_have_count(6)
    boxes.focus()
    page.keyboard.press("ArrowRight")
    status = page.get_by_role("status").filter(has_text="layer 0, Neuron embedding: median")
    expect(status).to_contain_text("this neuron")
