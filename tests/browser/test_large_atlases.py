"""The explorer in a browser on large atlases: the demo, and one of GPT2-small's size (`make test-all`)."""

import re
from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas import Atlas
from tests.bench import synthetic
from tests.bench.visits.views import neuron_query
from tests.support import in_browser
from tests.support.browser import served, settled

expect = in_browser.expect
pytestmark = [*in_browser.pytestmark, pytest.mark.slow]
DEMO = Path("data/demo")


@pytest.fixture(scope="module", params=["demo", "synthetic"])
def atlas(request) -> Atlas:
    if request.param == "demo" and not (DEMO / "manifest.json").is_file():
        pytest.skip("no demo atlas here: make demo builds it")
    return Atlas.open(DEMO if request.param == "demo" else synthetic.make_atlas())


@pytest.fixture(scope="module")
def address(atlas):
    with served(atlas.root.parent) as address:
        yield address


@pytest.fixture(scope="module")
def browser(browsers):
    return browsers.get(webgl=True)


def test_walkthrough(open_view, atlas):
    page = open_view(f"?atlas={atlas.root.name}", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_text("Neurons of each class").click()
    page.get_by_role("navigation", name="Views of the ranking").get_by_role("link", name="Primary and rare").click()
    expect(page.locator("h1")).to_have_text("Ranking")
    page.get_by_role("table", name="Neurons").locator("tbody tr a").first.click()
    expect(page.locator("h1")).to_have_text(re.compile(r"^Layer \d+ · Neuron \d+$"))
    settled(page)
    names = page.get_by_role("list", name="Features of this neuron").locator(".label")
    expect(names.nth(1)).to_be_visible()  # at least one primary and one rare feature
    assert all(names.all_inner_texts())
    page.get_by_role("link", name="Follow across layers").click()
    expect(page.locator("h1")).to_have_text(re.compile(r"^L\d+ N\d+ F0 across layers$"))
    settled(page)
    page.get_by_role("button", name="Copy link of this view").click()
    expect(page.get_by_text("Link of this view copied.")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    other_browser = open_view(link.split("/", 3)[3])
    expect(other_browser.locator("h1")).to_have_text(page.locator("h1").inner_text())


def test_neuron_with_the_most_examples(open_view, atlas):
    row = int(np.argmax(atlas.neurons["n_examples"]))
    page = open_view(f"neuron?{neuron_query(atlas, row)}")
    line = page.get_by_role("slider", name="Cut of the tree")
    line.focus()
    page.keyboard.press("PageUp")
    expect(page).to_have_url(re.compile("&cut="))
    settled(page)
    expect(page.get_by_role("list", name=re.compile("^Examples of feature 0")).locator("li").first).to_be_visible()


def test_map_has_every_feature(open_view, atlas):
    page = open_view(f"map?atlas={atlas.root.name}")
    expect(page.get_by_text(f"{len(atlas.features['size']):,} features", exact=True)).to_be_visible()
    canvas = page.locator("canvas").first
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(re.compile(r"^Layer \d+ · Neuron \d+$"))


def test_common_word_has_pages_of_results(open_view, atlas):
    page = open_view(f"search?atlas={atlas.root.name}&q={common_word(atlas)}")
    hits = page.get_by_role("list", name="Features found").locator("li")
    expect(hits).to_have_count(20)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile("&page=1"))
    expect(hits).to_have_count(20)


def test_two_similar_features_side_by_side(open_view, atlas):
    row = int(np.flatnonzero(atlas.neurons["n_features"] > 1)[0])
    page = open_view(f"neuron?{neuron_query(atlas, row)}")
    page.get_by_role("link", name="Side by side", exact=True).first.click()
    expect(page.locator("h1")).to_have_text("Side by side")
    expect(page.get_by_text("Cosine", exact=False).first).to_be_visible()


def common_word(atlas: Atlas) -> str:
    """Return the word that is a key token of the most features."""
    tokens, counts = np.unique(atlas.features["key_tokens"], return_counts=True)
    texts = (atlas.vocab[token].strip() for token in tokens[np.argsort(-counts)].tolist() if token >= 0)
    return next(text for text in texts if text.isascii() and text.isalpha() and len(text) > 3)
