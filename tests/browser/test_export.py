"""Exports in headless Chromium: what a click downloads, a real PNG, and pages that ask nobody for anything."""

import json
import re
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ne_core.atlas import Atlas
from ne_core.export.figure_page import plotly_page
from ne_core.export.frames import examples_frame, neurons_frame
from ne_core.export.layer_figures import classes_by_layer
from ne_core.export.static_page import static_page
from ne_core.export.table_files import read_table
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.widgets.export import FORMAT_NOTES
from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
NEURON = "neuron?layer=2&neuron=3"  # a link to a feature would scroll the menu away


@pytest.fixture
def asked(open_view):
    """A view with its Export menu open."""

    def open_menu(view: str, **more):
        page = open_view(view, **more)
        page.get_by_role("button", name="Export").click()
        expect(page.get_by_text("To cite this atlas, see the end of the page About.")).to_be_visible()
        settled(page)
        return page

    return open_menu


def download(page, name: str, folder: Path) -> Path:
    with page.expect_download() as found:
        page.get_by_role("button", name=name, exact=True).click()
    path = folder / found.value.suggested_filename
    found.value.save_as(path)
    return path


def test_a_table_arrives_in_every_format(asked, tiny_atlas, tmp_path):
    page = asked(NEURON)
    expected = examples_frame(Atlas.open(tiny_atlas), FeatureRef(2, 3, 0))
    for title, ending in (("CSV", "csv"), ("Parquet", "parquet"), ("JSON", "json")):
        page.get_by_role("radio", name=title).click()
        expect(page.get_by_text(FORMAT_NOTES[ending])).to_be_visible()
        settled(page)
        path = download(page, "Examples of feature 0", tmp_path)
        assert path.name == f"planted-L2-N3-F0-examples.{ending}"
        pd.testing.assert_frame_equal(read_table(path), expected, check_names=False)
    assert json.loads(path.read_bytes())["provenance"]["view"] == "atlas=planted&layer=2&neuron=3"


def test_a_dendrogram_arrives_as_svg_png_and_html(asked, tmp_path):
    page = asked(NEURON)
    svg = download(page, "Dendrogram as SVG", tmp_path).read_text(encoding="utf-8")
    width, height = (float(re.search(rf'<svg[^>]* {side}="([0-9.]+)"', svg)[1]) for side in ("width", "height"))
    png = download(page, "Dendrogram as PNG", tmp_path)
    assert png.name == "planted-L2-N3-dendrogram.png"
    assert png.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png.read_bytes()[16:24]) == (3 * width, 3 * height)
    assert svg in download(page, "Dendrogram as HTML", tmp_path).read_text(encoding="utf-8")
    colours = page.evaluate(COLOURS, list(png.read_bytes()))
    assert colours["corner"] == [255, 255, 255, 255]
    assert colours["kinds"] > 3


COLOURS = """async bytes => {
    const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], {type: 'image/png'}));
    const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const found = context.getImageData(0, 0, image.width, image.height).data;
    return {corner: [...found.slice(0, 4)], kinds: new Set(new Uint32Array(found.buffer)).size};
}"""


@pytest.mark.slow
def test_the_neuron_arrives_as_a_page(asked, tiny_atlas, tmp_path):
    path = download(asked(NEURON), "This neuron on one page, as HTML", tmp_path)
    assert path.name == "planted-L2-N3.html"
    assert path.read_text(encoding="utf-8") == static_page(Atlas.open(tiny_atlas), NeuronRef(2, 3))


@pytest.mark.slow
def test_the_board_arrives_as_it_is_filtered(asked, tiny_atlas, tmp_path):
    path = download(asked("ranking?layer=2&sort=neuron&order=desc"), "These 5 neurons, in this order", tmp_path)
    expected = neurons_frame(Atlas.open(tiny_atlas)).query("layer == 2").iloc[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(read_table(path), expected)


@pytest.mark.slow
def test_the_menu_by_keyboard_on_a_narrow_screen(open_view):
    page = open_view(NEURON, width=420, theme="dark")
    page.get_by_role("button", name="Export").focus()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Dendrogram as PNG", exact=True)
    expect(button).to_be_visible()
    assert button.bounding_box()["x"] + button.bounding_box()["width"] <= 420
    with page.expect_download():
        button.focus()
        page.keyboard.press("Enter")
    expect(page.get_by_text("Dendrogram saved as PNG")).to_be_visible()
    page.keyboard.press("Escape")
    expect(button).to_be_hidden()


@pytest.mark.slow
def test_a_trail_arrives_as_png_and_its_links_as_a_table(asked, tmp_path):
    page = asked("across_layers?layer=0&neuron=0&feature=0&space=pre_mlp&least=0.9")
    svg = download(page, "Trail as SVG", tmp_path).read_text(encoding="utf-8")
    assert (svg.count('class="node"'), svg.count("<path")) == (4, 4)
    png = download(page, "Trail as PNG", tmp_path)
    assert png.name == "planted-L0-N0-F0-trail-pre_mlp-least0.9.png"
    colours = page.evaluate(COLOURS, list(png.read_bytes()))
    assert colours["corner"] == [255, 255, 255, 255]
    assert colours["kinds"] > 3
    assert len(read_table(download(page, "Links of this trail", tmp_path))) == 4


def test_the_map_arrives_as_svg_and_as_a_table(asked, tiny_atlas, tmp_path):
    page, n = asked("map?layer=2"), int((Atlas.open(tiny_atlas).features["layer"] == 2).sum())
    path = download(page, "Whole map, all that is drawn, as SVG", tmp_path)
    assert path.name == "planted-map.svg"
    assert path.read_text(encoding="utf-8").count("h0") == n
    assert set(read_table(download(page, f"The {n} features drawn", tmp_path))["layer"]) == {2}


@pytest.fixture
def alone(browser, tmp_path):
    """Opens a file by itself; afterwards it may have asked for nothing and said nothing."""
    contexts, wrong = [], []

    def open_file(made: str, **more):
        path = tmp_path / "page.html"
        path.write_text(made, encoding="utf-8")
        context = browser.new_context(**more)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: wrong.append(request.url) if request.url != path.as_uri() else None)
        page.on("console", lambda line: wrong.append(line.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()
    wrong = [line for line in wrong if not line.startswith(("blob:", "data:"))]
    assert not wrong, wrong


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_static_page_stands_alone_in_both_themes(theme, alone, tiny_atlas):
    page = alone(static_page(Atlas.open(tiny_atlas), NeuronRef(2, 3)), color_scheme=theme)
    assert page.locator("h1").inner_text() == "Layer 2 · Neuron 3"
    assert page.locator("svg .leaf").count() == 9
    assert page.locator("img, script").count() == 0
    ground, ink = page.evaluate("""() => { const style = getComputedStyle(document.body);
        return [style.backgroundColor, style.color].map(text => text.match(/[0-9.]+/g).slice(0, 3).map(Number)); }""")
    assert (sum(ground) > sum(ink)) == (theme == "light")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_a_static_page_fits_a_narrow_screen(alone, tiny_atlas):
    page = alone(static_page(Atlas.open(tiny_atlas), NeuronRef(2, 3)), viewport={"width": 420, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 420


def test_a_plotly_page_draws_without_anybody(alone):
    names = ["<script>alert(1)</script>", "</script>", "b", "c", "d"]
    figure = classes_by_layer(["0", "1"], np.array([[1, 2, 3, 1, 1], [4, 5, 6, 1, 1]]), names)
    page = alone(plotly_page(figure, "Classes </title><script>"))
    expect(page.locator(".js-plotly-plot .bars path")).to_have_count(10)
    expect(page.locator(".modebar-btn").first).to_be_attached()
