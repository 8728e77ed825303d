"""The explorer in headless Chromium: moving around, hostile text, narrow screens, the keyboard, both themes."""

import re

import pytest

from ne_core.atlas import Atlas
from pages.components.cached.vocabulary import frequent, words_first
from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
SCRIPTS = "atlas=planted&layer=2&neuron=3"  # two of its three features have hostile key tokens


def expect_neuron(page, layer: int, neuron: int) -> None:
    expect(page.locator("h1")).to_have_text(f"Layer {layer} · Neuron {neuron}")
    settled(page)


def expect_feature(page, feature: int) -> None:
    expect(page.locator("h3", has_text=f"Feature {feature}")).to_be_in_viewport()


def test_deep_link_next_back_forward(open_view):
    page = open_view("neuron?layer=0&neuron=1")
    expect_neuron(page, 0, 1)
    page.get_by_role("button", name="Next").click()
    expect_neuron(page, 0, 2)
    assert page.url.endswith("atlas=planted&layer=0&neuron=2")
    page.go_back()
    expect_neuron(page, 0, 1)
    page.go_forward()
    expect_neuron(page, 0, 2)


def test_old_address_is_replaced_with_the_new_one(open_view):
    page = open_view("about", fresh=True)
    page.goto(page.url.replace("about", "pair") + "&a=0.0.1&b=2.0.0")
    expect(page.locator("h1")).to_have_text("Side by side")
    settled(page)
    assert page.url.endswith("side_by_side?atlas=planted&a=0.0.1&b=2.0.0")
    page.go_back()
    expect(page.locator("h1")).to_have_text("About")


@pytest.mark.slow
def test_similar_feature_opens_without_a_reload(open_view):
    page = open_view("neuron?layer=0&neuron=0")
    page.evaluate("window.same = true")
    link = page.get_by_role("list", name="Features similar to feature 0").get_by_role("link").first
    target = re.search(r"layer=(\d+)&neuron=(\d+)&feature=(\d+)", link.get_attribute("href"))
    layer, neuron, feature = map(int, target.groups())
    link.click()
    expect_neuron(page, layer, neuron)
    expect_feature(page, feature)
    assert target.group() in page.url
    assert page.evaluate("window.same")
    page.go_back()
    expect_neuron(page, 0, 0)


@pytest.mark.slow
def test_listed_feature_opens_and_back_closes_it(open_view):
    page = open_view("neuron?layer=0&neuron=2")
    features = page.get_by_role("list", name="Features of this neuron").get_by_role("link")
    expect(features).to_have_count(4)
    features.nth(2).click()
    expect_feature(page, 2)
    expect(page).to_have_url(re.compile("feature=2"))
    page.go_back()
    expect_feature(page, 0)


@pytest.mark.slow
def test_from_search_to_a_feature_and_back(open_view):
    page = open_view("search")
    page.get_by_label("Search features").fill("moon")
    page.get_by_label("Search features").press("Enter")
    page.wait_for_url(re.compile("q=moon"))
    results = page.get_by_role("list", name="Features found").get_by_role("link")
    results.first.click()
    expect_neuron(page, 0, 3)
    expect_feature(page, 0)
    page.go_back()
    expect(page.get_by_label("Search features")).to_have_value("moon")


def test_menu_returns_to_the_last_view_of_a_page(open_view):
    page = open_view("neuron?layer=2&neuron=4")
    page.get_by_role("link", name="About").click()
    expect(page.locator("h1")).to_have_text("About")
    page.get_by_role("link", name="Neuron").click()
    expect_neuron(page, 2, 4)
    assert page.url.endswith("layer=2&neuron=4")


def test_invalid_link_has_a_message_with_valid_values(open_view):
    page = open_view("neuron?layer=9")
    expect(page.get_by_text("layer=9: this atlas has layers 0 and 2")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect_neuron(page, 2, 2)  # L2 N1 is dead
    expect(page.get_by_text("layer=9")).to_have_count(0)


def test_hostile_tokens_are_text(open_view):
    """The planted atlas has the tokens <script> and <img onerror>; `open_view` fails on any dialog or error."""
    page = open_view(f"neuron?{SCRIPTS}")
    body = page.get_by_role("list", name="Features of this neuron")
    expect(body).to_contain_text("onerror=alert(1)")
    expect(page.locator(".token.key").first).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("script", has_text="alert(1)").count() == 0
    text = "".join(page.locator(".token").all_text_contents())
    assert "<script>alert(1)</script>" in text
    assert "[U+202E]" in text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x1f]", text)


@pytest.mark.slow
def test_hostile_tokens_in_link_labels_are_text(open_view, tiny_atlas):
    page = open_view("search")
    links = page.locator('[data-testid="stMain"]').get_by_role("link")
    links.first.wait_for()
    labels = [text.replace("\u2060", "") for text in links.all_inner_texts()]
    assert labels == words_first(frequent(Atlas.open(tiny_atlas)))[: len(labels)]
    assert len([text for text in labels if re.search(r"<|\\|\[U", text)]) >= 2


@pytest.mark.parametrize(
    "name",
    [pytest.param("<script>alert(1)</script>", marks=pytest.mark.slow), ":red[x] :smile: $x$ -> **b** `c` [d](e)"],
)
def test_markdown_in_messages_is_text(name, open_view):
    from urllib.parse import quote

    page = open_view(f"search?q=cat&mode={quote(name)}")
    message = page.locator('[data-testid="stAlert"]').inner_text().replace("\u2060", "")
    assert message.strip().endswith(f"mode={name}: the modes are words, token, name or snippet")


@pytest.mark.parametrize(
    "view",
    [
        pytest.param("", marks=pytest.mark.slow),
        "neuron?layer=0&neuron=2&feature=1",
        pytest.param("search?q=cat", marks=pytest.mark.slow),
        pytest.param("about", marks=pytest.mark.slow),
    ],
)
def test_narrow_screen_does_not_scroll_sideways(view, open_view):
    page = open_view(view, width=420, theme="dark")
    page.wait_for_timeout(300)
    wide = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
        .map(box => box.scrollWidth - box.clientWidth)"""
    assert page.evaluate(wide) == [0, 0]


@pytest.mark.slow
def test_overview_has_a_named_address(open_view):
    page = open_view("overview")
    expect(page.locator("h1")).to_have_text("What neurons of planted respond to")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="Search").click()
    expect(page.locator("h1")).to_have_text("Search")
    page.get_by_role("link", name="Overview").click()
    expect(page.locator("h1")).to_have_text("What neurons of planted respond to")


@pytest.mark.slow
def test_components_follow_the_theme(open_view):
    colours = set()
    for theme in ("light", "dark"):
        page = open_view("neuron?layer=0&neuron=0", theme=theme)
        swatch = page.get_by_role("list", name="Features of this neuron").locator(".swatch").first
        colours.add(swatch.evaluate("each => getComputedStyle(each).backgroundColor"))
    assert len(colours) == 2


@pytest.mark.slow
def test_tokens_by_keyboard(open_view):
    page = open_view("neuron?layer=0&neuron=0")
    examples = page.get_by_role("list", name="Examples of feature 0")
    examples.focus()
    page.keyboard.press("ArrowRight")
    expect(examples.locator(".token.on")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(examples.locator(".token.on")).to_have_class(re.compile("key"))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("status").filter(has_text="Example 1: key token")).to_have_count(1)
    expect(page.get_by_role("tooltip").filter(has_text="activation")).to_be_visible()


@pytest.mark.slow
def test_dendrogram_by_keyboard(open_view):
    page = open_view("neuron?layer=0&neuron=2")
    tree = page.get_by_role("group", name="Dendrogram: 18 examples in 4 features")
    tree.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    status = page.get_by_role("status").filter(has_text=re.compile(r"^Feature \d"))
    feature = re.match(r"Feature (\d+)", status.inner_text()).group(1)
    assert feature != "0"
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"feature={feature}"))
    expect_feature(page, int(feature))


@pytest.mark.slow
def test_colours_are_also_given_as_text(open_view):
    page = open_view("neuron?layer=0&neuron=0")
    first = page.get_by_role("list", name="Examples of feature 0").get_by_role("listitem").first
    assert re.search(r"Key token “ cat”, activation \d\.\d\d\. Importance: “.*” [+−]\d\.\d\d", first.text_content())
    page.get_by_role("button", name="Values").click()
    expect(first.locator(".token.key .value")).to_have_text(re.compile(r"^\s*\d\.\d\d \+1\.00\s*$"))
    assert first.locator(".token").evaluate_all("all => all.every(each => each.getClientRects().length === 1)")


@pytest.mark.slow
def test_links_have_addresses(open_view, address):
    """A middle click opens the same view in a new tab."""
    page = open_view("neuron?layer=0&neuron=0")
    href = page.get_by_role("list", name="Features similar").get_by_role("link").first.evaluate("each => each.href")
    assert href.startswith(f"{address}/neuron?atlas=planted&layer=")
