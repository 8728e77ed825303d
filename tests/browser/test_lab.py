"""The SAE lab in headless Chromium: picking a run in the plot, drawing a picture, opening a latent and its page."""

import re

import pytest

from tests.support import in_browser
from tests.support.browser import served, settled
from tests.support.planted_lab import BOTH, NE

expect, pytestmark = in_browser.expect, in_browser.pytestmark


@pytest.fixture(scope="module")
def address(lab_atlas):
    with served(lab_atlas.parent) as address:
        yield address


def run_mark(page, run: int):
    return page.locator(f'a[data-run="{run}"]')


def latents_table(page, run: int):
    return page.get_by_role("table", name=re.compile(rf"^Strongest latents of .*, run {run}$"))


def draw(page, *points: tuple[float, float]) -> None:
    """Draw one stroke on the sheet through points, given as shares of its sides."""
    sheet = page.locator("#sheet")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    positions = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*positions[0])
    page.mouse.down()
    for position in positions[1:]:
        page.mouse.move(*position, steps=4)
    page.mouse.up()


def levels(page) -> str:
    """Pixels of the sheet, encoded as in the address."""
    return page.locator("#sheet").evaluate("sheet => sheet.levels.map((level) => level.toString(16)).join('')")


def test_from_the_sweep_to_a_latent_and_its_neuron_page(open_view):
    page = open_view("sae_lab")
    page.evaluate("window.same = true")
    run_mark(page, 2).click()
    expect(page).to_have_url(re.compile(r"run=2&image=120"))
    expect(latents_table(page, 5)).to_be_visible()
    page.go_back()
    expect(latents_table(page, NE)).to_be_visible()
    latents_table(page, NE).get_by_role("link", name=str(BOTH), exact=True).click()
    expect(page).to_have_url(re.compile(rf"run={NE}&image=120&unit={BOTH}&feature=0"))
    expect(page.get_by_role("heading", name=f"Latent {BOTH} of run {NE}, NE SAE")).to_be_visible()
    page.get_by_role("link", name=re.compile("on the neuron page")).click()
    expect(page.locator("h1")).to_have_text(re.compile(rf"\b{BOTH}$"))
    assert page.evaluate("window.same")


@pytest.mark.slow
def test_arrow_keys_move_along_the_sweep_and_enter_picks(open_view):
    page = open_view("sae_lab")
    run_mark(page, NE).focus()
    page.keyboard.press("ArrowRight")
    expect(run_mark(page, 5)).to_be_focused()
    expect(page.get_by_role("tooltip").filter(has_text="NE SAE, run 5")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"run=5&"))
    expect(run_mark(page, 5)).to_have_attribute("aria-current", "true")


def test_drawn_picture_is_classified_and_fires_latents(open_view):
    page = open_view("sae_lab?image=122")  # a picture of class “below”
    clean = page.locator("section.clean b")
    expect(clean).to_have_text("below")
    page.get_by_role("button", name="Clear").click()
    expect(page).to_have_url(re.compile(r"drawn=0{16}"))
    settled(page)
    expect(page.get_by_text("No latent fires on this picture.").first).to_be_visible()
    draw(page, (0.1, 0.1), (0.4, 0.1), (0.4, 0.4), (0.1, 0.4))
    expect(clean).to_have_text("left")
    expect(page.locator("section.clean .right, section.clean .wrong")).to_have_count(0)
    expect(latents_table(page, NE)).to_be_visible()
    first = levels(page)
    draw(page, (0.6, 0.1), (0.9, 0.4))
    draw(page, (0.1, 0.9), (0.9, 0.9))  # before the answer to the previous stroke
    settled(page)
    expect(page).to_have_url(re.compile(f"drawn={levels(page)}$"))
    assert sum(a != b for a, b in zip(first, levels(page), strict=True)) >= 6
    page.go_back()
    page.go_back()
    expect(page).to_have_url(re.compile(f"drawn={first}$"))
    expect(clean).to_have_text("left")
    settled(page)
    in_browser.until(page, lambda: levels(page) == first)


@pytest.mark.slow
def test_picture_is_drawn_by_keyboard(open_view):
    page = open_view("sae_lab?drawn=" + "0" * 16)
    sheet = page.locator("#sheet")
    sheet.focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowLeft", " "):
        sheet.press(key)
    expect(page).to_have_url(re.compile(r"drawn=f0{15}"))
    expect(page.get_by_role("status").filter(has_text="row 0, column 0: 15 of 15")).to_have_count(1)


@pytest.mark.slow
def test_tooltip_has_the_value_of_a_map(open_view):
    page = open_view(f"sae_lab?unit={BOTH}")
    page.locator("#maps canvas").first.hover(position={"x": 8, "y": 8})
    expect(page.get_by_role("tooltip").filter(has_text="row 0, column 0: +0.")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_narrow_screen_does_not_scroll_sideways(theme, open_view):
    page = open_view("sae_lab", width=420, theme=theme)
    expect(latents_table(page, NE)).to_be_visible()
    settled(page)
    wide = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
        .map(box => box.scrollWidth - box.clientWidth)"""
    assert page.evaluate(wide) == [0, 0]
