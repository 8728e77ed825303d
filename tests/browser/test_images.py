"""Images of an atlas in headless Chromium: their pixels on the screen, their labels, and the keyboard."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.refs import NeuronRef
from tests.support import in_browser
from tests.support.browser import served, settled
from tests.support.planted_images import BRIGHTEST, HEIGHT, WIDTH

expect, pytestmark = in_browser.expect, in_browser.pytestmark
PIXELS = """(canvas) => [canvas.height, canvas.width,
    [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]]"""


@pytest.fixture(scope="module")
def address(image_atlas):
    """Address of an explorer of the planted atlas of images."""
    with served(image_atlas.parent) as address:
        yield address


@pytest.fixture(scope="module")
def atlas(image_atlas) -> Atlas:
    return Atlas.open(image_atlas)


def pixels(canvas) -> np.ndarray:
    """Red, green, blue and alpha of every pixel, [height width 4]."""
    height, width, data = canvas.evaluate(PIXELS)
    return np.array(data).reshape(height, width, 4)


def shows(canvas, image: np.ndarray) -> bool:
    grey = np.round(image.astype(np.float64) * 255 / BRIGHTEST)
    expected = np.dstack([grey, grey, grey, np.full(image.shape, 255)])
    drawn = pixels(canvas)
    return drawn.shape == expected.shape and bool((np.abs(drawn - expected) <= 1).all())


def images_of(page):
    return page.get_by_role("list", name="Examples of feature").get_by_role("img")


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_examples_are_drawn_pixel_by_pixel(open_view, atlas, theme):
    page = open_view("neuron?layer=0&neuron=0&feature=1", theme=theme)
    images = images_of(page)
    expect(images).to_have_count(20)
    known = set(atlas.neuron(NeuronRef(0, 0)).example.tolist())
    for canvas in images.all()[:6]:
        words = canvas.get_attribute("aria-label")
        example = int(words.rpartition(" ")[2])
        assert words == f"a <b>cross</b>, image {example}"
        assert example in known
        assert shows(canvas, atlas.images[example])
    box = images.first.bounding_box()
    assert box["width"] > 40
    assert box["height"] / box["width"] == pytest.approx(HEIGHT / WIDTH, abs=0.05)
    assert images.first.evaluate("canvas => getComputedStyle(canvas).imageRendering") == "pixelated"


@pytest.mark.slow
def test_controls_for_texts_are_absent(open_view):
    page = open_view("neuron?layer=0&neuron=0")
    expect(images_of(page).first).to_be_visible()
    for name in ("Values", "Copy text"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_text("Context", exact=True)).to_have_count(0)
    expect(page.get_by_text("Copy", exact=True)).to_be_hidden()


@pytest.mark.slow
def test_keyboard_moves_between_images(open_view, atlas):
    page = open_view("neuron?layer=0&neuron=1&feature=0")
    images = page.get_by_role("list", name="Examples of feature")
    expect(images.get_by_role("img").first).to_be_visible()
    images.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    second = images.get_by_role("img").nth(1).get_attribute("aria-label")
    expect(page.get_by_role("status").filter(has_text=f"Example 1: {second} · activation")).to_have_count(1)
    page.keyboard.press("ArrowLeft")
    first = images.get_by_role("img").first.get_attribute("aria-label")
    expect(page.get_by_role("status").filter(has_text=f"Example 0: {first} · activation")).to_have_count(1)


@pytest.mark.slow
def test_tooltip_of_an_image(open_view):
    page = open_view("neuron?layer=0&neuron=1&feature=0")
    first = images_of(page).first
    first.hover()
    words = first.get_attribute("aria-label")
    expect(page.get_by_role("tooltip").filter(has_text=f"{words} · activation")).to_be_visible()


@pytest.mark.slow
def test_leaf_of_the_tree_shows_its_image(open_view, atlas):
    page = open_view("neuron?layer=0&neuron=1&feature=0")
    page.locator("#plot .leaf").first.hover()
    tip = page.get_by_role("tooltip").filter(has_text="Feature 0")
    expect(tip.get_by_role("img")).to_be_visible()
    example = int(tip.get_by_role("img").get_attribute("aria-label").rpartition(" ")[2])
    assert shows(tip.get_by_role("img"), atlas.images[example])


@pytest.mark.parametrize(
    "view",
    [
        pytest.param("search?q=cross", marks=pytest.mark.slow),
        pytest.param("side_by_side?a=0.0.0&b=1.1.0", marks=pytest.mark.slow),
        "neuron?layer=1&neuron=0",
    ],
)
@pytest.mark.parametrize("width", [420, pytest.param(1280, marks=pytest.mark.slow)])
def test_rows_show_images_and_fit_the_screen(open_view, atlas, view, width):
    page = open_view(view, width=width)
    settled(page)
    canvas = page.get_by_role("img", name="image").first
    expect(canvas).to_be_visible()
    assert shows(canvas, atlas.images[int(canvas.get_attribute("aria-label").rpartition(" ")[2])])
    wide = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
        .map(box => box.scrollWidth - box.clientWidth)"""
    assert page.evaluate(wide) == [0, 0]
