"""Images in static exports: the pixels that were given, in the words of the atlas, and nothing fetched or run."""

import re
from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.export.image_svg import image_svg
from ne_core.export.static_page import static_page
from ne_core.export.window_text import snippets
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from tests.ne_core.export.test_static_page import Walk
from tests.support.planted_images import BRIGHTEST

RECT = re.compile(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="1" fill="#(..)\4\4"/>')


def drawn(svg: str, shape: tuple[int, int]) -> np.ndarray:
    """The levels, 0 to 255, that the rectangles paint."""
    found = np.zeros(shape, dtype=np.int64)
    for x, y, width, level in RECT.findall(svg):
        found[int(y), int(x) : int(x) + int(width)] = int(level, 16)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_rectangles_paint_the_pixels(seed: int):
    pixels = np.random.default_rng(seed).integers(0, 3, size=(6, 9), dtype=np.uint8) * 100
    assert np.array_equal(
        drawn(image_svg(pixels, 200, ""), pixels.shape), np.round(pixels.astype(float) * 255 / 200).astype(int)
    )


def test_black_needs_no_rectangle_but_the_ground():
    assert image_svg(np.zeros((3, 3), dtype=np.uint8), 1, "").count("<rect") == 1


def test_what_it_shows_is_said_and_harmless():
    assert 'aria-label="a &lt;b&gt;&quot;, image 3"' in image_svg(np.ones((1, 1), dtype=np.uint8), 1, 'a <b>", image 3')


@pytest.fixture(scope="module")
def atlas(image_atlas: Path) -> Atlas:
    return Atlas.open(image_atlas)


def test_a_latent_as_a_page_shows_its_images(atlas: Atlas):
    page = static_page(atlas, NeuronRef(1, 1))
    walk, neuron = Walk(page), atlas.neuron(NeuronRef(1, 1))
    images = [told for tag, told in walk.tags if tag == "svg" and told.get("class") == "image"]
    assert len(images) == 40  # twenty of each of its two features
    examples = [int(told["aria-label"].rpartition(" ")[2]) for told in images]
    assert set(examples) <= set(neuron.example.tolist())
    shown = re.findall(r'<svg class="image".*?</svg>', page)
    for example, svg in zip(examples, shown, strict=True):
        wanted = np.round(atlas.images[example].astype(float) * 255 / BRIGHTEST).astype(int)
        assert np.array_equal(drawn(svg, wanted.shape), wanted)
    assert set(walk.tokens) == {"bar", "<b>cross</b>"}
    assert "NE SAE · Latent 1" in walk.said
    assert "neurons" not in walk.said.replace("neuron embedding", "")
    assert "masked" not in walk.said
    assert not re.search(r"src=|href=\"(?!#)|url\(|@import", page)


def test_a_dead_latent_as_a_page(atlas: Atlas):
    assert "This latent is dead: no image activates it" in static_page(atlas, NeuronRef(0, 2))


def test_the_command_writes_it(image_atlas: Path, tmp_path: Path):
    out = tmp_path / "latent.html"
    assert main(["export", str(image_atlas), "--neuron", "0.1", "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == static_page(Atlas.open(image_atlas), NeuronRef(0, 1))


def test_a_picture_of_the_tree_has_the_labels(atlas: Atlas):
    assert set(snippets(atlas, atlas.neuron(NeuronRef(0, 1)))) == {("", "3", "")}
