"""The map in headless Chromium with software WebGL: hovered, opened, moved, lit, by keyboard, and without WebGL."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef
from pages.components.map.points import points_of
from tests.support import in_browser
from tests.support.browser import chromium, settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
WITHOUT = "HTMLCanvasElement.prototype.getContext = () => null"


@pytest.fixture(scope="module")
def browser():
    with chromium(webgl=True) as browser:
        yield browser


@pytest.fixture(scope="module")
def atlas(tiny_atlas):
    return Atlas.open(tiny_atlas)


def canvas(page):
    return page.get_by_role("application")


def tip(page):
    return page.get_by_role("tooltip").locator("visible=true")


def drawn(page) -> None:
    """Wait until the points have arrived: the canvas holds more colours than the page's own."""
    canvas(page).wait_for()
    page.wait_for_function("globalThis.neMap?.points")
    page.wait_for_timeout(400)


def spot(page, atlas, id: int) -> tuple[float, float]:
    """Where a feature is on the screen while the whole map is seen."""
    box, (x, y) = canvas(page).bounding_box(), points_of(atlas).at[id].tolist()
    side = min(box["width"], box["height"])
    return box["x"] + box["width"] / 2 + (x - 0.5) * side, box["y"] + box["height"] / 2 - (y - 0.5) * side


def lonely(atlas) -> int:
    """The feature that is furthest from its nearest neighbour: nothing else can be meant by pointing there."""
    at = points_of(atlas).at
    apart = np.linalg.norm(at[:, None] - at, axis=2) + 9 * np.eye(len(at))
    return int(apart.min(axis=1).argmax())


def query_of(atlas, id: int) -> str:
    ref = atlas.feature_ref(id)
    return f"layer={ref.layer}&neuron={ref.neuron}&feature={ref.feature}"


def test_pointing_tells_and_a_click_opens(open_view, atlas):
    page, id = open_view("map"), lonely(atlas)
    drawn(page)
    page.evaluate("window.same = true")
    page.mouse.move(*spot(page, atlas, id))
    expect(tip(page)).to_contain_text(str(atlas.feature_ref(id)))
    expect(tip(page)).to_contain_text("example")  # the server's answer
    page.mouse.click(*spot(page, atlas, id))
    page.wait_for_url(re.compile(f"neuron.*{query_of(atlas, id)}$"))
    assert page.evaluate("window.same")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Map")
    drawn(page)


@pytest.mark.slow
def test_what_was_told_is_not_asked_again(open_view, atlas):
    page, id = open_view("map"), lonely(atlas)
    drawn(page)
    page.mouse.move(*spot(page, atlas, id))
    expect(tip(page)).to_contain_text("example")
    page.mouse.move(2, 2)
    expect(tip(page)).to_have_count(0)
    page.evaluate("neMap.ask.tell = null")
    page.mouse.move(*spot(page, atlas, id))
    expect(tip(page)).to_contain_text("example")


def test_the_map_by_keyboard(open_view, atlas):
    page = open_view("map")
    drawn(page)
    canvas(page).focus()
    page.keyboard.press("ArrowRight")
    live = page.locator("#live")
    expect(live).to_contain_text(re.compile(r"L\d N\d F\d: “"))
    first = page.locator("#here").get_attribute("href")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#here")).not_to_have_attribute("href", first)
    link = page.locator("#here").get_attribute("href")
    moved = [named(atlas, each) for each in (first, link)]
    (x0, y0), (x1, y1) = points_of(atlas).at[moved].tolist()
    assert y1 - y0 >= abs(x1 - x0)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(link.split("?")[1])))


def named(atlas, href: str) -> int:
    return atlas.feature_id(FeatureRef(*map(int, re.findall(r"(?:layer|neuron|feature)=(\d+)", href))))


@pytest.mark.slow
def test_magnifying_goes_into_the_address_without_a_step_back(open_view):
    page = open_view("map", fresh=True)  # history.length ends at 50
    drawn(page)
    steps = page.evaluate("history.length")
    canvas(page).focus()
    page.keyboard.press("+")
    page.wait_for_url(re.compile(r"zoom=1\.6"))
    page.get_by_role("button", name="Nearer").click()
    page.wait_for_url(re.compile(r"zoom=3\.2"))
    assert page.evaluate("history.length") == steps
    page.get_by_text("Size", exact=True).click()
    page.wait_for_url(re.compile(r"colour=size.*zoom=3\.2"))
    page.get_by_role("button", name="Whole map").click()
    page.wait_for_url(re.compile(r"colour=size$"))


@pytest.mark.slow
def test_the_wheel_comes_nearer_to_where_it_points(open_view, atlas):
    page, id = open_view("map"), lonely(atlas)
    drawn(page)
    at = spot(page, atlas, id)
    page.mouse.move(*at)
    for _ in range(3):
        page.mouse.wheel(0, -300)
    page.wait_for_url(re.compile("zoom="))
    page.mouse.move(at[0] + 3, at[1])
    expect(tip(page)).to_contain_text(str(atlas.feature_ref(id)))


@pytest.mark.slow
def test_a_drag_moves_and_opens_nothing(open_view):
    page = open_view("map?zoom=2")
    drawn(page)
    box = canvas(page).bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 260, box["y"] + 240, steps=4)
    page.mouse.up()
    side = 2 * min(box["width"], box["height"])
    page.wait_for_url(lambda url: f"x={0.5 - 60 / side:.4f}".rstrip("0") in url)
    x, y = (float(each) for each in re.search(r"x=([\d.]+)&y=([\d.]+)", page.url).groups())
    assert (x, y) == (pytest.approx(0.5 - 60 / side, abs=1e-3), pytest.approx(0.5 + 40 / side, abs=1e-3))


def test_a_search_lights_its_hits(open_view, atlas):
    page = open_view("map")
    drawn(page)
    page.get_by_label("Light up").fill("cat")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=cat"))
    settled(page)
    expect(page.get_by_text(re.compile(r"\d+ lit"))).to_be_visible()
    canvas(page).focus()
    links = page.get_by_role("list", name="Features found").get_by_role("link")
    found = links.evaluate_all("all => all.map((each) => each.getAttribute('href'))")
    for _ in range(3):  # arrows go from hit to hit
        page.keyboard.press("ArrowRight")
        expect(page.locator("#here")).to_have_attribute("href", re.compile("layer"))
        assert page.locator("#here").get_attribute("href") in found


def test_the_ring_is_where_the_feature_is(open_view, atlas):
    id = lonely(atlas)
    page = open_view(f"map?show={atlas.feature_ref(id).dotted}&zoom=1")
    drawn(page)

    def apart() -> float:
        at, box = spot(page, atlas, id), page.locator("#shown").bounding_box()
        return max(abs(box["x"] - at[0]), abs(box["y"] - at[1]))

    in_browser.until(page, lambda: apart() < 2)
    expect(page.locator("#shown")).to_contain_text(str(atlas.feature_ref(id)))


def test_the_list_follows_what_is_in_sight(open_view, atlas):
    page, id = open_view("map"), lonely(atlas)
    drawn(page)
    rows = page.get_by_role("list", name="Largest features in sight").get_by_role("listitem")
    expect(rows).to_have_count(8)
    page.mouse.move(*spot(page, atlas, id))
    for _ in range(20):
        page.mouse.wheel(0, -400)
    expect(rows).to_have_count(1)
    expect(rows.get_by_role("link").first).to_have_attribute("href", re.compile(query_of(atlas, id)))


def pixels(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)


@pytest.mark.slow
def test_a_lost_context_is_drawn_again(open_view, atlas):
    page = open_view("map")
    drawn(page)
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


def test_without_webgl_there_is_a_line_and_the_list(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(WITHOUT)
    page = context.new_page()
    page.goto(f"{address}/map")
    expect(page.get_by_text("which this browser does not offer")).to_be_visible(timeout=20_000)
    settled(page)
    row = page.get_by_role("list", name="Largest features in sight").get_by_role("link").first
    row.click()
    expect(page.locator("h1")).to_have_text("Layer 0 · Neuron 0")
    context.close()


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_a_narrow_screen(theme, open_view):
    page = open_view("map?q=cat", width=420, theme=theme)
    drawn(page)
    wide = "document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth"
    assert page.evaluate(wide) <= 0
    assert canvas(page).bounding_box()["width"] > 350


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_what_is_seen_is_saved_with_its_legend(theme, open_view, atlas, tmp_path):
    id = lonely(atlas)
    page = open_view(f"map?show={atlas.feature_ref(id).dotted}&colour=class&x=0.5&y=0.5&zoom=1", theme=theme)
    drawn(page)
    with page.expect_download() as found:
        page.get_by_role("button", name="Save what is seen as PNG").click()
    assert found.value.suggested_filename == "planted-map.png"
    found.value.save_as(tmp_path / "map.png")
    image, box = Image.open(tmp_path / "map.png").convert("RGB"), canvas(page).bounding_box()
    assert image.width == round(box["width"])
    assert image.height > box["height"] + 20
    ground = image.getpixel((0, 0))
    assert (sum(ground) > 380) == (theme == "light")
    x, y = (round(a - b) for a, b in zip(spot(page, atlas, id), (box["x"], box["y"]), strict=True))
    assert max(map(abs, np.subtract(image.getpixel((x, y)), ground))) > 60
    legend = image.crop((0, round(box["height"]) + 1, image.width, image.height))
    assert len(legend.getcolors(100_000)) > 10
    assert image.getpixel((x + 11, y)) != ground
