"""The explorer as a stranger walks it: from the overview to a neuron of several meanings, on to a like feature in
another layer and along its trail; and the link at the end shows somebody else the same.
"""

import re

from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark


def test_from_the_overview_to_a_link_that_shows_somebody_else_the_same(open_view, address):
    page = open_view("", permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("window.same = true")
    to_a_neuron_of_several_meanings(page)
    read_two_named_features(page)
    feature = on_to_a_like_feature_of_another_layer(page)
    along_its_trail(page, feature)
    link = copied(page)
    assert page.evaluate("window.same")  # nothing was loaded anew on the way
    assert link.startswith(f"{address}/across_layers?")
    somebody_else = open_view(link.removeprefix(f"{address}/"))
    assert trail(somebody_else) == trail(page)


def to_a_neuron_of_several_meanings(page) -> None:
    """Two clicks: a ready-made view of the board, and its first row."""
    page.get_by_role("navigation", name="Views of the ranking").get_by_role("link", name="Most features").click()
    expect(page.locator("h1")).to_have_text("Ranking")
    row = page.get_by_role("table", name="Neurons").locator("tbody tr").first
    expect(row).to_contain_text("L0 N2")  # the planted neuron of four meanings
    row.locator("a").click()
    expect(page.locator("h1")).to_have_text("Layer 0 · Neuron 2")
    settled(page)


def read_two_named_features(page) -> None:
    """Their names, as planted, and examples with those key tokens."""
    rows = page.get_by_role("list", name="Features of this neuron").get_by_role("link")
    expect(rows).to_have_count(4)
    for feature, name in ((0, "dog"), (1, "blue")):
        expect(rows.nth(feature).locator(".label")).to_contain_text(name)
        rows.nth(feature).click()
        heading = page.locator("h3", has_text=f"Feature {feature}")
        expect(heading).to_contain_text(name)
        expect(heading).to_be_in_viewport()
        examples = page.get_by_role("list", name=f"Examples of feature {feature}")
        keys = examples.locator(".token.key").all_text_contents()
        assert set(keys) == {f" {name}"}
        settled(page)


def on_to_a_like_feature_of_another_layer(page) -> tuple[int, int]:
    """The neuron and the number of the first similar feature in layer 2."""
    similar = page.get_by_role("list", name="Features similar to feature 1")
    link = similar.locator("a[href*='layer=2&']").first
    neuron, feature = map(int, re.search(r"neuron=(\d+)&feature=(\d+)", link.get_attribute("href")).groups())
    link.click()
    expect(page.locator("h1")).to_have_text(f"Layer 2 · Neuron {neuron}")
    expect(page.locator("h3", has_text=f"Feature {feature}")).to_be_in_viewport()
    settled(page)
    return neuron, feature


def along_its_trail(page, feature: tuple[int, int]) -> None:
    page.get_by_role("link", name="Follow across layers").click()
    expect(page.locator("h1")).to_have_text("L2 N{} F{} across layers".format(*feature))
    settled(page)
    nodes = page.get_by_role("navigation", name="Trail", exact=True).locator("a.node")
    nodes.first.wait_for()
    assert nodes.count() > 1


def copied(page) -> str:
    page.get_by_role("button", name="Copy link of this view").click()
    expect(page.get_by_text("Link of this view copied.")).to_be_visible()
    return page.evaluate("navigator.clipboard.readText()")


def trail(page) -> tuple[str, list[str], list[str]]:
    """What a trail's page shows: of what it is, what was found out, and its nodes."""
    nodes = page.get_by_role("navigation", name="Trail", exact=True).locator("a.node")
    nodes.first.wait_for()
    told = page.locator('[data-testid="stMain"] li p').all_inner_texts()
    return page.locator("h1").inner_text(), told, nodes.all_inner_texts()
