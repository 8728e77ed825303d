"""Exports in headless Chromium: downloaded tables and figures, PNG files, and pages that make no requests."""

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
NEURON = "neuron?layer=2&neuron=3"  # with a feature the page would scroll past the menu


@pytest.fixture
def open_export(open_view):
    """Function that opens a view and its Export menu."""

    def open_menu(view: str, **options):
        page = open_view(view, **options)
        page.get_by_role("button", name="Export").click()
        expect(page.get_by_text("To cite this atlas, see the end of the page About.")).to_be_visible()
        settled(page)
        return page

    return open_menu


def download(page, name: str, folder: Path) -> Path:
    with page.expect_download() as event:
        page.get_by_role("button", name=name, exact=True).click()
    path = folder / event.value.suggested_filename
    event.value.save_as(path)
    return path


def test_table_in_every_format(open_export, tiny_atlas, tmp_path):
    page = open_export(NEURON)
    expected = examples_frame(Atlas.open(tiny_atlas), FeatureRef(2, 3, 0))
    for title, ending in (("CSV", "csv"), ("Parquet", "parquet"), ("JSON", "json")):
        page.get_by_role("radio", name=title).click()
        expect(page.get_by_text(FORMAT_NOTES[ending])).to_be_visible()
        settled(page)
        path = download(page, "Examples of feature 0", tmp_path)
        assert path.name == f"planted-L2-N3-F0-examples.{ending}"
        pd.testing.assert_frame_equal(read_table(path), expected, check_names=False)
    assert json.loads(path.read_bytes())["provenance"]["view"] == "atlas=planted&layer=2&neuron=3"


def test_dendrogram_as_svg_png_and_html(open_export, tmp_path):
    page = open_export(NEURON)
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
    const pixels = context.getImageData(0, 0, image.width, image.height).data;
    return {corner: [...pixels.slice(0, 4)], kinds: new Set(new Uint32Array(pixels.buffer)).size};
}"""


@pytest.mark.slow
def test_neuron_as_a_page(open_export, tiny_atlas, tmp_path):
    path = download(open_export(NEURON), "This neuron on one page, as HTML", tmp_path)
    assert path.name == "planted-L2-N3.html"
    assert path.read_text(encoding="utf-8") == static_page(Atlas.open(tiny_atlas), NeuronRef(2, 3))


@pytest.mark.slow
def test_filtered_ranking_as_a_table(open_export, tiny_atlas, tmp_path):
    path = download(open_export("ranking?layer=2&sort=neuron&order=desc"), "These 5 neurons, in this order", tmp_path)
    expected = neurons_frame(Atlas.open(tiny_atlas)).query("layer == 2").iloc[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(read_table(path), expected)


@pytest.mark.slow
def test_menu_by_keyboard_on_a_narrow_screen(open_view):
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
def test_trail_as_svg_and_png_and_its_links_as_a_table(open_export, tmp_path):
    page = open_export("across_layers?layer=0&neuron=0&feature=0&space=pre_mlp&least=0.9")
    svg = download(page, "Trail as SVG", tmp_path).read_text(encoding="utf-8")
    assert (svg.count('class="node"'), svg.count("<path")) == (4, 4)
    png = download(page, "Trail as PNG", tmp_path)
    assert png.name == "planted-L0-N0-F0-trail-pre_mlp-least0.9.png"
    colours = page.evaluate(COLOURS, list(png.read_bytes()))
    assert colours["corner"] == [255, 255, 255, 255]
    assert colours["kinds"] > 3
    assert len(read_table(download(page, "Links of this trail", tmp_path))) == 4


@pytest.mark.slow
def test_map_as_svg_and_as_a_table(open_export, tiny_atlas, tmp_path):
    page, n = open_export("map?layer=2"), int((Atlas.open(tiny_atlas).features["layer"] == 2).sum())
    path = download(page, "Whole map, all features drawn, as SVG", tmp_path)
    assert path.name == "planted-map.svg"
    assert path.read_text(encoding="utf-8").count("h0") == n
    assert set(read_table(download(page, f"The {n} features drawn", tmp_path))["layer"]) == {2}


@pytest.fixture
def open_file(browser, tmp_path):
    """Function that opens a page from a file. At the end, fail if the page made requests or wrote to the console."""
    contexts, problems = [], []

    def open_page(html: str, **options):
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: problems.append(request.url) if request.url != path.as_uri() else None)
        page.on("console", lambda line: problems.append(line.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    problems = [line for line in problems if not line.startswith(("blob:", "data:"))]
    assert not problems, problems


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_static_page_needs_no_other_files_in_both_themes(theme, open_file, tiny_atlas):
    page = open_file(static_page(Atlas.open(tiny_atlas), NeuronRef(2, 3)), color_scheme=theme)
    assert page.locator("h1").inner_text() == "Layer 2 · Neuron 3"
    assert page.locator("svg .leaf").count() == 9
    assert page.locator("img, script").count() == 0
    ground, ink = page.evaluate("""() => { const style = getComputedStyle(document.body);
        return [style.backgroundColor, style.color].map(text => text.match(/[0-9.]+/g).slice(0, 3).map(Number)); }""")
    assert (sum(ground) > sum(ink)) == (theme == "light")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_static_page_fits_a_narrow_screen(open_file, tiny_atlas):
    page = open_file(static_page(Atlas.open(tiny_atlas), NeuronRef(2, 3)), viewport={"width": 420, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 420


def test_plotly_page_draws_without_requests(open_file):
    names = ["<script>alert(1)</script>", "</script>", "b", "c", "d"]
    figure = classes_by_layer(["0", "1"], np.array([[1, 2, 3, 1, 1], [4, 5, 6, 1, 1]]), names)
    page = open_file(plotly_page(figure, "Classes </title><script>"))
    expect(page.locator(".js-plotly-plot .bars path")).to_have_count(10)
    expect(page.locator(".modebar-btn").first).to_be_attached()
