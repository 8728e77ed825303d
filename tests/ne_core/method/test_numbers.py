"""Numbers on the screen: true minus signs, and lists numbered without gaps."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.export.static_page import static_page
from ne_core.export.token_html import words
from ne_core.export.window_text import Line
from ne_core.numbers import fixed, signed, typeset
from ne_core.refs import NeuronRef
from tests.support.apptest import open_app, payloads

ABOUT = Path(__file__).parents[3] / "pages" / "components" / "about" / "about.md"
ASCII_MINUS = re.compile(r"(?<![\w\])}−.-])-\.?\d")  # not a hyphen within a word or a range
NO_TEXT = {"key", "href", "root", "address", "query", "kept", "t", "points", "ids", "d", "name", "label", "context"}
VIEWS = {
    "neuron": {"layer": "0", "neuron": "2"},
    "across_layers": {"layer": "0", "neuron": "0", "feature": "0", "least": "0", "per": "10"},
    "search": {"like": "0.0.0"},
    "side_by_side": {"a": "0.0.1", "b": "2.4.0"},
    "ranking": {},
    "spaces": {"layer": "0", "neuron": "2"},
    "map": {},
    "overview": {},
}


def test_fixed_and_signed_numbers():
    assert [fixed(-0.08), fixed(0.314, 1), fixed(-0.001), fixed(np.nan)] == ["−0.08", "0.3", "0.00", "–"]
    assert [signed(-0.08), signed(0.08), signed(-0.001), typeset("-1e-05")] == ["−0.08", "+0.08", "+0.00", "−1e−05"]


def texts(value: object) -> Iterator[str]:
    """Texts that components show, except addresses and the texts of tokens."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for name, each in value.items() if name not in NO_TEXT for text in texts(each))
    elif isinstance(value, list | tuple):
        yield from (text for each in value for text in texts(each))


@pytest.mark.parametrize("page", VIEWS)
def test_pages_show_no_hyphen_as_minus(page: str, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, page, monkeypatch, **VIEWS[page])
    visible_texts = [
        *texts(payloads(app)),
        *(each.value for kind in (app.markdown, app.caption, app.metric) for each in kind),
    ]
    assert len(visible_texts) > 1
    assert [text for text in visible_texts if ASCII_MINUS.search(text)] == []


def test_neuron_page_shows_negative_cosines(tiny_atlas, monkeypatch):
    """Make sure that the test above can fail."""
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **VIEWS["neuron"])
    assert any(re.search(r"−0\.\d", text) for text in texts(payloads(app)))


def test_static_page_shows_no_hyphen_as_minus(tiny_atlas):
    line = Line(["a", "b"], 1, np.array([-0.25, 1.0]), np.array([-0.5, 1.0]))
    assert words(line, 0) == "activation −0.25, importance −0.50"
    html = static_page(Atlas.open(tiny_atlas), NeuronRef(0, 2))
    matches = re.findall(r'title="(activation[^"]*)"|<li>[^<]*(cosine [^<]*)<', html)
    assert matches
    assert not any(ASCII_MINUS.search(text) for match in matches for text in match)


def test_lists_of_the_about_page_are_numbered_without_gaps():
    """Check the lists of each section."""
    for section in ABOUT.read_text(encoding="utf-8").split("\n### "):
        numbers = [int(number) for number in re.findall(r"^(\d+)\. ", section, re.MULTILINE)]
        assert numbers == list(range(1, len(numbers) + 1))
