"""Fuzz tests of the readers of untrusted input, up to ten thousand cases each: every answer is valid."""

import contextlib
import os
import random
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest
import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.search import fts_terms
from ne_core.queries.ranking import ranking
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.base.escape import JOINER, PUNCTUATION, markdown
from pages.components.cached.vocabulary import suggestions, tokens_named
from pages.components.map import point_map
from pages.components.map.points import points_of
from pages.components.matching import find
from pages.components.shell.nav import PAGES
from pages.components.url import ranking_view, search_view, side_by_side_view
from pages.components.url.declared import VIEWS, Addressed
from pages.components.url.drawing import from_text
from pages.components.url.location import Location
from pages.components.widgets import picker
from tests.support.fuzz import HARMFUL, address, json_value, parameters, text

MANY = 10_000
TEXTS = int(os.environ.get("NE_FUZZ_TEXTS", "2_000"))  # `make test-all` reads 10,000
LONGEST_PROBLEM = 2500
READ = re.compile(r'\bquery\.get\("(\w+)"|query_params\.get\("(\w+)"|"(\w+)" (?:not )?in (?:at|request)\.query\b')


def test_all_parameters_are_fuzzed():
    """Views declare their parameters and only their fields read an address; others are looked up by name."""
    sources = {path.name: path.read_text() for path in Path("pages").rglob("*.py")}
    readers = {name for name, text in sources.items() if re.search(r"\brequest\.(whole|number|choice|text)\(", text)}
    assert readers == {"fields.py"}
    read_names = {next(filter(None, names)) for names in READ.findall("\n".join(sources.values()))}
    assert {"atlas", "page"} <= read_names <= set(parameters())
    assert {
        "layer",
        "q",
        "drawn",
        "show",
        "x",
        "y",
        "zoom",
        "class",
        *ranking_view.RANGES,
        *side_by_side_view.SIDES,
    } <= set(parameters())
    assert set(VIEWS) < set(PAGES)


def test_cases_are_reproducible():
    assert str(address(4711)) == str(address(4711))
    assert len({str(address(number)) for number in range(1000)}) > 900


def query_of(number: int, page: str) -> dict[str, str]:
    """Return a query as Streamlit reads it: the last value of each name."""
    return dict(parse_qsl(address(number, page).query, keep_blank_values=True))


def ranking_page(atlas: Atlas, location: Location) -> ranking_view.View:
    ranked = BOARDS.setdefault(atlas.root, ranking(atlas))
    view = ranking_view.View.read(location, atlas, board=ranked)
    return view.on_page(location, len(ranked.rows(view.filter, view.column.source, view.falling)))


# Readers of views with what pages add to them.
READERS = {page: lambda atlas, location, view=view: view.read(location, atlas) for page, view in VIEWS.items()} | {
    "neuron": picker.read_view,
    "across_layers": lambda atlas, location: VIEWS["across_layers"].read(location, atlas, start=FeatureRef(0, 0, 0)),
    "ranking": ranking_page,
}
BOARDS: dict = {}


def read_addresses(page: str, read, atlas: Atlas, numbers: range) -> None:
    """Check that problems are few short lines, and that the address of the view reads as the same view without any."""
    n_with_problems = 0
    for number in numbers:
        location = Location(query_of(number, page), atlas.root.name)
        view = read_or_fail(read, atlas, location, f"number {number}: {address(number, page)}")
        query = view.query(atlas)
        second_location = Location(dict(parse_qsl(urlencode(query), keep_blank_values=True)), atlas.root.name)
        second_view = read_or_fail(read, atlas, second_location, f"number {number}: {query}")
        assert (second_view, second_view.query(atlas)) == (view, query)
        assert not second_location.problems, (number, second_location.problems)
        assert all(len(markdown(line)) < LONGEST_PROBLEM for line in location.problems), number
        n_with_problems += bool(location.problems)
    assert len(numbers) / 20 < n_with_problems < len(numbers) * 19 / 20  # both valid and invalid addresses were read


def read_or_fail(read, atlas: Atlas, location: Location, message: str) -> Addressed:
    """Return the view."""
    try:
        return read(atlas, location)
    except Exception as error:
        raise AssertionError(message) from error


SOME_OR_ALL = pytest.mark.parametrize("step", [20, pytest.param(1, marks=pytest.mark.slow)])


@SOME_OR_ALL
@pytest.mark.parametrize("page", sorted(VIEWS.keys() - {"sae_lab"}))
def test_addresses(page: str, step: int, tiny_atlas: Path):
    read_addresses(page, READERS[page], Atlas.open(tiny_atlas), range(0, MANY, step))


@SOME_OR_ALL
def test_addresses_of_the_lab(step: int, lab_atlas: Path):
    read_addresses("sae_lab", READERS["sae_lab"], Atlas.open(lab_atlas), range(0, MANY, step))


def test_search_texts(tiny_atlas: Path):
    """Search texts as words, names, tokens and snippets: every result is an existing feature."""
    atlas, n_matches = Atlas.open(tiny_atlas), 0
    for number in range(0, MANY, 40):
        for mode in search_view.MODES:
            view = search_view.View(text(number)[: search_view.LONGEST], mode)
            ids = find.run_search(atlas, view).ids if view.has_query else []
            assert all(0 <= id < len(atlas.features["size"]) for id in ids), (number, mode)
            n_matches += len(ids) > 0
    assert n_matches


def test_search_words_are_quoted():
    """Each word is within quotes, and contains none, in the syntax of FTS5."""
    for number in range(TEXTS):
        terms = fts_terms(text(number))
        assert re.fullmatch(r'("[^"\0]+" ?)*\*?', terms), (number, terms)


def test_typed_tokens_and_features(tiny_atlas: Path):
    atlas = Atlas.open(tiny_atlas)
    location, rng = Location({}, atlas.root.name), random.Random(0)
    for number in range(TEXTS):
        input_text = text(number)[:200]
        assert all(0 <= token < len(atlas.vocab) for token in tokens_named(atlas, input_text))
        query = side_by_side_view.typed(
            atlas, location, side_by_side_view.View(), "a", rng.choice((input_text, input_text, None, 7))
        )
        assert len(query.get("a", "")) <= side_by_side_view.LONGEST
        pixels = from_text(input_text, 16)
        assert pixels is None or (len(pixels) == 16 and pixels.max() <= 1)
    assert all(len(suggestions(atlas, text(number)[:200])) <= 10 for number in range(0, MANY, 50))


def test_texts_are_escaped():
    """Check that a text without its escapes has no punctuation that Markdown could interpret."""
    for number in range(TEXTS):
        escaped = markdown(text(number))
        assert not PUNCTUATION.search(re.sub(r"\\[!-/:-@\[-`{-~]", "", escaped)), (number, escaped)
        assert not any(harmful in escaped for harmful in HARMFUL if len(PUNCTUATION.findall(harmful)) > 1), number
        assert JOINER not in escaped or ":" in escaped or any(character in escaped for character in "-<>=~")


def test_map_viewport_of_any_json(tiny_atlas: Path, monkeypatch):
    """Read arbitrary JSON as the map component's viewport."""
    atlas, n_listed = Atlas.open(tiny_atlas), 0
    points = points_of(atlas)
    for number in range(MANY):
        monkeypatch.setattr(st, "session_state", {"map-view": {"request": json_value(number)}})
        box = point_map.visible_box()
        n_listed += box is not None and bool(points.within(box).any())
        assert np.isfinite(box or 0).all(), number
    assert n_listed


def test_names_of_neurons_and_features():
    for number in range(TEXTS):
        for kind in (NeuronRef, FeatureRef):
            with contextlib.suppress(ValueError):
                assert str(kind.parse(text(number)))
