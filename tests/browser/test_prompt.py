"""The prompt page in headless Chromium: type, pick, follow a feature and come back, remove, export; keys, widths."""

import json
import re

import pytest

from tests.pages.test_palette import contrast
from tests.support import in_browser
from tests.support.browser import served, settled
from tests.support.fake_live import AT, NEURONS

expect, pytestmark = in_browser.expect, in_browser.pytestmark


@pytest.fixture(scope="module")
def address(tiny_atlas):
    with served(tiny_atlas.parent, module="tests.support.servers.fake_live_server") as address:
        yield address


def firings(page):
    return page.get_by_role("list", name="Features that fire").get_by_role("listitem")


def test_type_pick_follow_a_feature_and_come_back(open_view):
    page = open_view("prompt", fresh=True)
    page.get_by_label("Text", exact=True).fill("a <b>cat</b> & a dog")
    page.get_by_role("button", name="Read").click()
    expect(firings(page)).to_have_count(3)
    settled(page)
    assert "text=a+%3Cb%3Ecat%3C%2Fb%3E+%26+a+dog" in page.url
    page.locator(f'.word[data-pos="{AT}"]').click()
    expect(page.locator("h3", has_text=f"Token {AT}")).to_be_visible()
    expect(page).to_have_url(re.compile(f"pos={AT}$"))
    firings(page).first.get_by_role("link").first.click()
    expect(page.locator("h1")).to_have_text(f"Layer {NEURONS[0].layer} · Neuron {NEURONS[0].neuron}")
    page.go_back()
    expect(page.locator("h3", has_text=f"Token {AT}")).to_be_visible()
    page.go_back()
    expect(page.locator("h3", has_text="Strongest in the whole text")).to_be_visible()


def test_a_cell_is_picked_by_keys(open_view):
    page = open_view("prompt?text=x")
    page.locator("#text").focus()
    for key in ("Home", *["ArrowRight"] * AT, "ArrowUp", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(f"pos={AT}&layer=2$"))
    expect(firings(page)).to_have_count(1)
    expect(page.locator(".cell.picked")).to_have_count(1)


def test_taken_out_and_put_back(open_view):
    page = open_view(f"prompt?text=x&pos={AT}")
    firings(page).first.get_by_role("link", name="Remove the meaning").click()
    expect(page.get_by_role("table", name="Next tokens by probability").last).to_contain_text("12.5 %")
    expect(page.get_by_text("Removed <b>from what it reads</b>.")).to_be_visible()
    page.get_by_role("link", name="Restore all").click()
    expect(page.locator("h3", has_text="Removed meanings")).to_have_count(0)


def test_why_here_shows_parts_and_importance(open_view):
    page = open_view(f"prompt?text=x&pos={AT}")
    firings(page).first.get_by_role("link", name="Why here").click()
    expect(page.get_by_role("list", name=re.compile("^Parts of the pre-activation of"))).to_be_visible()
    expect(page.get_by_role("list", name="Token importance by mask baseline").get_by_role("listitem")).to_have_count(2)


def test_firings_are_downloaded(open_view, tmp_path):
    page = open_view("prompt?text=x")
    page.get_by_role("button", name="Export").click()
    page.get_by_text("JSON", exact=True).click()
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Firings: .* with features")).click()
    rows = json.loads(download.value.path().read_text())["rows"]
    assert [row["pos"] for row in rows] == [AT, AT, AT, AT + 1]


@pytest.mark.fast("420-light")
@pytest.mark.parametrize(("width", "theme"), [(420, "dark"), (420, "light"), (1400, "dark")])
def test_nothing_is_wider_than_the_screen(width, theme, open_view):
    page = open_view(f"prompt?text=x&pos={AT}&why=0.2&out=0.2.1,2.3", width=width, theme=theme)
    expect(page.get_by_role("list", name="Token importance by mask baseline")).to_be_visible()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= width
    assert label_contrast(page.get_by_role("button", name="Read")) >= 4.5
    text, export = (each.bounding_box() for each in (page.get_by_label("Text", exact=True), export_button(page)))
    assert width == 420 or abs(text["x"] + text["width"] - export["x"] - export["width"]) <= 4  # at the right edge


def export_button(page):
    return page.get_by_role("button", name="Export")


def label_contrast(button) -> float:
    """Contrast of a button's label with its background."""
    css = "(element, name) => getComputedStyle(element)[name]"
    colours = (button.locator("p").evaluate(css, "color"), button.evaluate(css, "backgroundColor"))
    return contrast(*("#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", rgb)[:3]) for rgb in colours))


def test_an_example_of_the_atlas_opens_as_a_prompt(open_view):
    page = open_view("neuron?layer=0&neuron=0")
    example = page.get_by_role("list", name=re.compile("^Examples of")).get_by_role("listitem").first
    example.hover()
    example.get_by_role("link", name=re.compile("as a prompt")).click()
    expect(page.locator("h1")).to_have_text("Prompt")
    expect(page).to_have_url(re.compile(r"text=.+&pos=\d+$"))
    expect(firings(page).or_(page.get_by_text("No neurons fire here")).first).to_be_visible()


def test_importance_of_an_example_is_computed_by_the_model(open_view):
    """Examples of the planted atlas after the third have no importance."""
    page = open_view("neuron?layer=0&neuron=0")
    example = page.get_by_role("list", name=re.compile("^Examples of")).get_by_role("listitem").nth(5)
    example.hover()
    example.get_by_role("link", name=re.compile("^Compute importance in example")).click()
    expect(page).to_have_url(re.compile(r"pos=\d+&why=0\.0$"))
    expect(page.get_by_role("list", name="Token importance by mask baseline")).to_be_visible()
