"""Tests of images in static exports: exact pixels, the atlas's vocabulary, nothing fetched or run."""

import re
from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.export.static_page import static_page
from ne_core.export.svg.image import image_svg
from ne_core.export.window_text import snippets
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from tests.ne_core.export.test_static_page import Walk
from tests.support.planted_images import BRIGHTEST

RECT = re.compile(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="1" fill="#(..)\4\4"/>')


def painted_levels(svg: str, shape: tuple[int, int]) -> np.ndarray:
    """Return the levels, 0 to 255, that the rectangles paint."""
    levels = np.zeros(shape, dtype=np.int64)
    for x, y, width, level in RECT.findall(svg):
        levels[int(y), int(x) : int(x) + int(width)] = int(level, 16)
    return levels


@pytest.mark.parametrize("seed", range(5))
def test_rectangles_match_pixels(seed: int):
    pixels = np.random.default_rng(seed).integers(0, 3, size=(6, 9), dtype=np.uint8) * 100
    assert np.array_equal(
        painted_levels(image_svg(pixels, 200, ""), pixels.shape), np.round(pixels.astype(float) * 255 / 200).astype(int)
    )


def test_black_image_is_one_rectangle():
    assert image_svg(np.zeros((3, 3), dtype=np.uint8), 1, "").count("<rect") == 1


def test_label_is_escaped():
    assert 'aria-label="a &lt;b&gt;&quot;, image 3"' in image_svg(np.ones((1, 1), dtype=np.uint8), 1, 'a <b>", image 3')


@pytest.fixture(scope="module")
def atlas(image_atlas: Path) -> Atlas:
    return Atlas.open(image_atlas)


def test_page_of_a_latent_shows_its_images(atlas: Atlas):
    page = static_page(atlas, NeuronRef(1, 1))
    walk, neuron = Walk(page), atlas.neuron(NeuronRef(1, 1))
    images = [attributes for tag, attributes in walk.tags if tag == "svg" and attributes.get("class") == "image"]
    assert len(images) == 40  # twenty of each of its two features
    examples = [int(attributes["aria-label"].rpartition(" ")[2]) for attributes in images]
    assert set(examples) <= set(neuron.example.tolist())
    svgs = re.findall(r'<svg class="image".*?</svg>', page)
    for example, svg in zip(examples, svgs, strict=True):
        expected = np.round(atlas.images[example].astype(float) * 255 / BRIGHTEST).astype(int)
        assert np.array_equal(painted_levels(svg, expected.shape), expected)
    assert set(walk.tokens) == {"bar", "<b>cross</b>"}
    assert "NE SAE · Latent 1" in walk.text
    assert "neurons" not in walk.text.replace("neuron embedding", "")
    assert "masked" not in walk.text
    assert not re.search(r"src=|href=\"(?!#)|url\(|@import", page)


def test_page_of_a_dead_latent(atlas: Atlas):
    assert "This latent is dead: no image activates it" in static_page(atlas, NeuronRef(0, 2))


def test_export_command_writes_the_page(image_atlas: Path, tmp_path: Path):
    out = tmp_path / "latent.html"
    assert main(["export", str(image_atlas), "--neuron", "0.1", "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == static_page(Atlas.open(image_atlas), NeuronRef(0, 1))


def test_snippets_of_images_are_labels(atlas: Atlas):
    assert set(snippets(atlas, atlas.neuron(NeuronRef(0, 1)))) == {("", "3", "")}
