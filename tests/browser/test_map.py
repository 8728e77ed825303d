"""The map in headless Chromium with software WebGL: tooltips, links, panning, search, keyboard, and no WebGL."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef
from pages.components.map.points import points_of
from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
NO_WEBGL = "HTMLCanvasElement.prototype.getContext = () => null"


@pytest.fixture(scope="module")
def browser(browsers):
    return browsers.get(webgl=True)


@pytest.fixture(scope="module")
def atlas(tiny_atlas):
    return Atlas.open(tiny_atlas)


def canvas(page):
    return page.get_by_role("application")


def tip(page):
    return page.get_by_role("tooltip").locator("visible=true")


def wait_until_drawn(page) -> None:
    """Wait until the points have arrived and are drawn."""
    canvas(page).wait_for()
    page.wait_for_function("globalThis.neMap?.points")
    page.wait_for_timeout(400)


def screen_position(page, atlas, id: int) -> tuple[float, float]:
    """Position of a feature on the screen while the whole map is visible."""
    box, (x, y) = canvas(page).bounding_box(), points_of(atlas).positions[id].tolist()
    side = min(box["width"], box["height"])
    return box["x"] + box["width"] / 2 + (x - 0.5) * side, box["y"] + box["height"] / 2 - (y - 0.5) * side


def isolated(atlas, edge: float = 0.0) -> int:
    """Feature with the largest distance to its nearest neighbour, so that hovering selects no other.

    It is at least `edge` from the edges of the map.
    """
    positions = points_of(atlas).positions
    distances = np.linalg.norm(positions[:, None] - positions, axis=2) + 9 * np.eye(len(positions))
    inside = np.abs(positions - 0.5).max(axis=1) <= 0.5 - edge
    return int(np.where(inside, distances.min(axis=1), 0).argmax())


def query_of(atlas, id: int) -> str:
    ref = atlas.feature_ref(id)
    return f"layer={ref.layer}&neuron={ref.neuron}&feature={ref.feature}"


def test_hover_shows_a_tooltip_and_click_opens(open_view, atlas):
    page, id = open_view("map"), isolated(atlas)
    wait_until_drawn(page)
    page.evaluate("window.same = true")
    page.mouse.move(*screen_position(page, atlas, id))
    expect(tip(page)).to_contain_text(str(atlas.feature_ref(id)))
    expect(tip(page)).to_contain_text("example")  # the server's answer
    page.mouse.click(*screen_position(page, atlas, id))
    page.wait_for_url(re.compile(f"neuron.*{query_of(atlas, id)}$"))
    assert page.evaluate("window.same")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Map")
    wait_until_drawn(page)


def test_names_of_regions_are_text_do_not_overlap_and_follow_the_zoom(open_view):
    page = open_view("map")
    wait_until_drawn(page)
    sent = [[[0.5, 0.5, "<b>large</b>"], [0.501, 0.5, "hidden"], [0.2, 0.5, "left"]], [[0.5, 0.5, "near"]]]
    page.evaluate("(regions) => { neMap.regions = { key: neMap.points.key, regions }; neMap.onMessage(); }", sent)
    names = page.locator("#names bdi").locator("visible=true")
    expect(names).to_have_text(["<b>large</b>", "left"])
    page.get_by_role("button", name="Zoom in").click()
    expect(names).to_have_text(["near"])


@pytest.mark.slow
def test_details_are_requested_once(open_view, atlas):
    page, id = open_view("map"), isolated(atlas)
    wait_until_drawn(page)
    page.mouse.move(*screen_position(page, atlas, id))
    expect(tip(page)).to_contain_text("example")
    page.mouse.move(2, 2)
    expect(tip(page)).to_have_count(0)
    page.evaluate("neMap.request.details = null")
    page.mouse.move(*screen_position(page, atlas, id))
    expect(tip(page)).to_contain_text("example")


def test_map_by_keyboard(open_view, atlas):
    page = open_view("map")
    wait_until_drawn(page)
    canvas(page).focus()
    page.keyboard.press("ArrowRight")
    live = page.locator("#live")
    expect(live).to_contain_text(re.compile(r"L\d N\d F\d: “"))
    first = page.locator("#current").get_attribute("href")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#current")).not_to_have_attribute("href", first)
    link = page.locator("#current").get_attribute("href")
    ids = [id_of(atlas, each) for each in (first, link)]
    (x0, y0), (x1, y1) = points_of(atlas).positions[ids].tolist()
    assert y1 - y0 >= abs(x1 - x0)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(link.split("?")[1])))


def id_of(atlas, href: str) -> int:
    return atlas.feature_id(FeatureRef(*map(int, re.findall(r"(?:layer|neuron|feature)=(\d+)", href))))


@pytest.mark.slow
def test_zoom_changes_the_address_without_a_history_entry(open_view):
    page = open_view("map", fresh=True)  # history.length is limited to 50
    wait_until_drawn(page)
    steps = page.evaluate("history.length")
    canvas(page).focus()
    page.keyboard.press("+")
    page.wait_for_url(re.compile(r"zoom=1\.6"))
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_url(re.compile(r"zoom=3\.2"))
    assert page.evaluate("history.length") == steps
    page.get_by_text("Size", exact=True).click()
    page.wait_for_url(re.compile(r"colour=size.*zoom=3\.2"))
    page.get_by_role("button", name="Whole map").click()
    page.wait_for_url(re.compile(r"colour=size$"))


@pytest.mark.slow
def test_wheel_zooms_at_the_pointer(open_view, atlas):
    page, id = open_view("map"), isolated(atlas)
    wait_until_drawn(page)
    x, y = screen_position(page, atlas, id)
    page.mouse.move(x, y)
    for _ in range(3):
        page.mouse.wheel(0, -300)
    page.wait_for_url(re.compile("zoom="))
    page.mouse.move(x + 3, y)
    expect(tip(page)).to_contain_text(str(atlas.feature_ref(id)))


@pytest.mark.slow
def test_drag_pans_and_opens_nothing(open_view):
    page = open_view("map?zoom=2")
    wait_until_drawn(page)
    box = canvas(page).bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 260, box["y"] + 240, steps=4)
    page.mouse.up()
    side = 2 * min(box["width"], box["height"])
    page.wait_for_url(lambda url: f"x={0.5 - 60 / side:.4f}".rstrip("0") in url)
    x, y = (float(each) for each in re.search(r"x=([\d.]+)&y=([\d.]+)", page.url).groups())
    assert (x, y) == (pytest.approx(0.5 - 60 / side, abs=1e-3), pytest.approx(0.5 + 40 / side, abs=1e-3))


def test_search_highlights_its_results(open_view, atlas):
    page = open_view("map")
    wait_until_drawn(page)
    page.get_by_label("Highlight features").fill("cat")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=cat"))
    settled(page)
    expect(page.get_by_text(re.compile(r"\d+ highlighted"))).to_be_visible()
    canvas(page).focus()
    links = page.get_by_role("list", name="Features found").get_by_role("link")
    links.first.wait_for()
    hrefs = links.evaluate_all("all => all.map((each) => each.getAttribute('href'))")
    for _ in range(3):  # arrow keys go from result to result
        page.keyboard.press("ArrowRight")
        expect(page.locator("#current")).to_have_attribute("href", re.compile("layer"))
        assert page.locator("#current").get_attribute("href") in hrefs


@pytest.mark.slow
def test_ring_is_at_the_position_of_the_feature(open_view, atlas):
    id = isolated(atlas)
    page = open_view(f"map?show={atlas.feature_ref(id).dotted}&zoom=1")
    wait_until_drawn(page)

    def distance() -> float:
        (x, y), box = screen_position(page, atlas, id), page.locator("#ring").bounding_box()
        return max(abs(box["x"] - x), abs(box["y"] - y))

    in_browser.until(page, lambda: distance() < 2)
    expect(page.locator("#ring")).to_contain_text(str(atlas.feature_ref(id)))


@pytest.mark.slow
def test_list_follows_the_visible_part(open_view, atlas):
    # at the edge, the rounding of the pointer's position, magnified a hundred times, would move it out of sight
    page, id = open_view("map"), isolated(atlas, edge=0.15)
    wait_until_drawn(page)
    rows = page.get_by_role("list", name="Largest visible features").get_by_role("listitem")
    expect(rows).to_have_count(8)
    page.mouse.move(*screen_position(page, atlas, id))
    for _ in range(20):
        page.mouse.wheel(0, -400)
    expect(rows).to_have_count(1)
    expect(rows.get_by_role("link").first).to_have_attribute("href", re.compile(query_of(atlas, id)))


def pixels(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)


@pytest.mark.slow
def test_lost_webgl_context_is_restored(open_view, atlas):
    page = open_view("map")
    wait_until_drawn(page)
    before = pixels(canvas(page).screenshot())
    page.evaluate("""async () => {
        const find = (root) => [...root.querySelectorAll('*')].map((each) => each.matches('#stage > canvas') ? each
            : each.shadowRoot && find(each.shadowRoot)).find(Boolean);
        const lost = find(document).getContext('webgl').getExtension('WEBGL_lose_context');
        lost.loseContext();
        await new Promise((wait) => setTimeout(wait, 200));
        lost.restoreContext();
    }""")
    page.wait_for_timeout(500)
    after = pixels(canvas(page).screenshot())
    assert (np.ptp(before, axis=2) > 60).sum() > 200  # points
    assert (np.abs(after - before).max(axis=2) > 40).sum() < 20


def test_without_webgl_there_are_a_message_and_the_list(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(NO_WEBGL)
    page = context.new_page()
    page.goto(f"{address}/map")
    expect(page.get_by_text("This browser does not support WebGL")).to_be_visible(timeout=20_000)
    settled(page)
    row = page.get_by_role("list", name="Largest visible features").get_by_role("link").first
    row.click()
    expect(page.locator("h1")).to_have_text("Layer 0 · Neuron 0")
    context.close()


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_narrow_screen_does_not_scroll_sideways(theme, open_view):
    page = open_view("map?q=cat", width=420, theme=theme)
    wait_until_drawn(page)
    wide = "document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth"
    assert page.evaluate(wide) <= 0
    assert canvas(page).bounding_box()["width"] > 350


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_visible_map_is_saved_with_its_legend(theme, open_view, atlas, tmp_path):
    id = isolated(atlas)
    page = open_view(f"map?show={atlas.feature_ref(id).dotted}&colour=class&x=0.5&y=0.5&zoom=1", theme=theme)
    wait_until_drawn(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the visible map as PNG").click()
    assert download.value.suggested_filename == "planted-map.png"
    download.value.save_as(tmp_path / "map.png")
    image, box = Image.open(tmp_path / "map.png").convert("RGB"), canvas(page).bounding_box()
    assert image.width == round(box["width"])
    assert image.height > box["height"] + 20
    ground = image.getpixel((0, 0))
    assert (sum(ground) > 380) == (theme == "light")
    x, y = (round(a - b) for a, b in zip(screen_position(page, atlas, id), (box["x"], box["y"]), strict=True))
    assert max(map(abs, np.subtract(image.getpixel((x, y)), ground))) > 60
    legend = image.crop((0, round(box["height"]) + 1, image.width, image.height))
    assert len(legend.getcolors(100_000)) > 10
    assert image.getpixel((x + 11, y)) != ground
