"""Walkthrough: from the overview to a neuron with several meanings, a similar feature in another layer and its trail.

The link of the last view shows the same in another browser.
"""

import re

from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark


def test_walkthrough_ends_with_a_link_that_reproduces_the_view(open_view, address):
    page = open_view("", permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("window.same = true")
    open_a_neuron_with_several_meanings(page)
    check_two_named_features(page)
    feature = open_a_similar_feature_in_another_layer(page)
    follow_its_trail(page, feature)
    link = copied_link(page)
    assert page.evaluate("window.same")  # the page was never reloaded
    assert link.startswith(f"{address}/across_layers?")
    other_browser = open_view(link.removeprefix(f"{address}/"))
    assert trail(other_browser) == trail(page)


def open_a_neuron_with_several_meanings(page) -> None:
    """Follow the way on to the ranking, which is sorted by features, then its first row."""
    page.get_by_role("link", name=re.compile("^Rank all neurons")).click()
    expect(page.locator("h1")).to_have_text("Ranking")
    row = page.get_by_role("table", name="Neurons").locator("tbody tr").first
    expect(row).to_contain_text("L0 N2")  # the planted neuron with four meanings
    row.locator("a").click()
    expect(page.locator("h1")).to_have_text("Layer 0 · Neuron 2")
    settled(page)


def check_two_named_features(page) -> None:
    """Check the names of the features, and the key tokens of their examples."""
    rows = page.get_by_role("list", name="Features of this neuron").get_by_role("link")
    expect(rows).to_have_count(4)
    for feature, name in ((0, "dog"), (1, "blue")):
        expect(rows.nth(feature).locator(".label")).to_contain_text(name)
        rows.nth(feature).click()
        heading = page.locator("h3", has_text=f"Feature {feature}")
        expect(heading).to_contain_text(name)
        expect(heading).to_be_in_viewport()
        examples = page.get_by_role("list", name=f"Examples of feature {feature}")
        expect(examples.locator(".token.key").first).to_be_visible()
        keys = examples.locator(".token.key").all_text_contents()
        assert set(keys) == {f" {name}"}
        settled(page)


def open_a_similar_feature_in_another_layer(page) -> tuple[int, int]:
    """Open the first similar feature in layer 2; return its neuron and number."""
    similar = page.get_by_role("list", name="Features similar to feature 1")
    link = similar.locator("a[href*='layer=2&']").first
    neuron, feature = map(int, re.search(r"neuron=(\d+)&feature=(\d+)", link.get_attribute("href")).groups())
    link.click()
    expect(page.locator("h1")).to_have_text(f"Layer 2 · Neuron {neuron}")
    expect(page.locator("h3", has_text=f"Feature {feature}")).to_be_in_viewport()
    settled(page)
    return neuron, feature


def follow_its_trail(page, feature: tuple[int, int]) -> None:
    page.get_by_role("link", name="Follow across layers").click()
    expect(page.locator("h1")).to_have_text("L2 N{} F{} across layers".format(*feature))
    settled(page)
    nodes = page.get_by_role("navigation", name="Trail", exact=True).locator("a.node")
    nodes.first.wait_for()
    assert nodes.count() > 1


def copied_link(page) -> str:
    page.get_by_role("button", name="Copy link of this view").click()
    expect(page.get_by_text("Link of this view copied.")).to_be_visible()
    return page.evaluate("navigator.clipboard.readText()")


def trail(page) -> tuple[str, list[str], list[str]]:
    """Heading, summary and nodes of a trail's page."""
    nodes = page.get_by_role("navigation", name="Trail", exact=True).locator("a.node")
    nodes.first.wait_for()
    summary = page.locator('[data-testid="stMain"] li p').all_inner_texts()
    return page.locator("h1").inner_text(), summary, nodes.all_inner_texts()
