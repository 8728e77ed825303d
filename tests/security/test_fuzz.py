"""Readers of what strangers send, up to ten thousand cases each: whatever comes, the answer is sensible."""

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
from ne_core.queries.board import board
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


def test_every_parameter_that_is_read_is_fuzzed():
    """Views declare them, and only what makes their fields reads an address; beside these it is looked at by name."""
    sources = {path.name: path.read_text() for path in Path("pages").rglob("*.py")}
    readers = {name for name, text in sources.items() if re.search(r"\brequest\.(whole|number|choice|text)\(", text)}
    assert readers == {"fields.py"}
    found = {next(filter(None, names)) for names in READ.findall("\n".join(sources.values()))}
    assert {"atlas", "page"} <= found <= set(parameters())
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


def test_numbers_make_the_same_cases_everywhere():
    assert str(address(4711)) == str(address(4711))
    assert len({str(address(number)) for number in range(1000)}) > 900


def asked_by(number: int, page: str) -> dict[str, str]:
    """As Streamlit reads a query: the last of each name."""
    return dict(parse_qsl(address(number, page).query, keep_blank_values=True))


def on_board(atlas: Atlas, at: Location) -> ranking_view.View:
    ranked = BOARDS.setdefault(atlas.root, board(atlas))
    view = ranking_view.View.read(at, atlas, board=ranked)
    return view.on_page(at, len(ranked.rows(view.filter, view.column.source, view.falling)))


# What pages add to what the atlas says.
READERS = {page: lambda atlas, at, view=view: view.read(at, atlas) for page, view in VIEWS.items()} | {
    "neuron": picker.read_view,
    "across_layers": lambda atlas, at: VIEWS["across_layers"].read(at, atlas, start=FeatureRef(0, 0, 0)),
    "ranking": on_board,
}
BOARDS: dict = {}


def read_them(page: str, read, atlas: Atlas, numbers: range) -> None:
    """What was wrong is a few lines; the address that a view then has is read without any, as that view."""
    wrong = 0
    for number in numbers:
        at = Location(asked_by(number, page), atlas.root.name)
        view = settled(read, atlas, at, f"number {number}: {address(number, page)}")
        query = view.query(atlas)
        again = Location(dict(parse_qsl(urlencode(query), keep_blank_values=True)), atlas.root.name)
        same = settled(read, atlas, again, f"number {number}: {query}")
        assert (same, same.query(atlas)) == (view, query)
        assert not again.problems, (number, again.problems)
        assert all(len(markdown(line)) < LONGEST_PROBLEM for line in at.problems), number
        wrong += bool(at.problems)
    assert len(numbers) / 20 < wrong < len(numbers) * 19 / 20  # both kinds of addresses were read


def settled(read, atlas: Atlas, at: Location, said: str) -> Addressed:
    """The view that is read."""
    try:
        return read(atlas, at)
    except Exception as error:
        raise AssertionError(said) from error


SOME_OR_ALL = pytest.mark.parametrize("step", [10, pytest.param(1, marks=pytest.mark.slow)])


@SOME_OR_ALL
@pytest.mark.parametrize("page", sorted(VIEWS.keys() - {"sae_lab"}))
def test_addresses_are_read(page: str, step: int, tiny_atlas: Path):
    read_them(page, READERS[page], Atlas.open(tiny_atlas), range(0, MANY, step))


@SOME_OR_ALL
def test_addresses_of_the_lab_are_read(step: int, lab_atlas: Path):
    read_them("sae_lab", READERS["sae_lab"], Atlas.open(lab_atlas), range(0, MANY, step))


def test_texts_are_looked_for(tiny_atlas: Path):
    """As words, names, tokens and pieces of text: an answer each, of features that there are."""
    atlas, found = Atlas.open(tiny_atlas), 0
    for number in range(0, MANY, 20):
        for mode in search_view.MODES:
            view = search_view.View(text(number)[: search_view.LONGEST], mode)
            ids = find.run_search(atlas, view).ids if view.has_query else []
            assert all(0 <= id < len(atlas.features["size"]) for id in ids), (number, mode)
            found += len(ids) > 0
    assert found


def test_words_are_never_syntax():
    """Of FTS5: each is within quotes, and holds none."""
    for number in range(TEXTS):
        terms = fts_terms(text(number))
        assert re.fullmatch(r'("[^"\0]+" ?)*\*?', terms), (number, terms)


def test_tokens_typed_and_features_typed(tiny_atlas: Path):
    atlas = Atlas.open(tiny_atlas)
    at, rng = Location({}, atlas.root.name), random.Random(0)
    for number in range(TEXTS):
        typed = text(number)[:200]
        assert all(0 <= token < len(atlas.vocab) for token in tokens_named(atlas, typed))
        query = side_by_side_view.typed(atlas, at, "a", rng.choice((typed, typed, None, 7)))
        assert len(query.get("a", "")) <= side_by_side_view.LONGEST
        drawn = from_text(typed, 16)
        assert drawn is None or (len(drawn) == 16 and drawn.max() <= 1)
    assert all(len(suggestions(atlas, text(number)[:200])) <= 10 for number in range(0, MANY, 50))


def test_no_text_is_markup():
    """Without its escapes and joiners it is the text, and every sign that could mean something is escaped."""
    for number in range(TEXTS):
        made = markdown(text(number))
        assert not PUNCTUATION.search(re.sub(r"\\[!-/:-@\[-`{-~]", "", made)), (number, made)
        assert not any(harmful in made for harmful in HARMFUL if len(PUNCTUATION.findall(harmful)) > 1), number
        assert JOINER not in made or ":" in made or any(sign in made for sign in "-<>=~")


def test_what_the_map_asks_is_no_place(tiny_atlas: Path, monkeypatch):
    """Components speak JSON that a stranger may have written."""
    atlas, listed = Atlas.open(tiny_atlas), 0
    points = points_of(atlas)
    for number in range(MANY):
        monkeypatch.setattr(st, "session_state", {"map-seen": {"asked": json_value(number)}})
        box = point_map.seen()
        listed += box is not None and bool(points.within(box).any())
        assert np.isfinite(box or 0).all(), number
    assert listed


def test_names_of_neurons_and_features():
    for number in range(TEXTS):
        for kind in (NeuronRef, FeatureRef):
            with contextlib.suppress(ValueError):
                assert str(kind.parse(text(number)))
