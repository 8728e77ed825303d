"""The overview: one drawn neuron, the ways on, further picks; counts, settings and figures, folded."""

import json

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.export import figures
from ne_core.refs import NeuronRef
from pages.components.cached import starts
from pages.components.cached.starts import first_look, first_neuron, neurons_with_examples
from pages.components.overview.drawn_neuron import LEAVES, drawing, evenly
from pages.components.shell.settings import count
from tests.support.apptest import captions_and_helps, open_app, payloads, rows_of, url, words
from tests.support.hostile import copy_atlas


def drawn(app) -> dict:
    return next(each for each in payloads(app) if "branches" in each)


def tiles_of(app, label: str) -> list[dict]:
    return next((each["tiles"] for each in payloads(app) if "tiles" in each and each["label"] == label), [])


def captions(app) -> str:
    """The captions and what their question marks show."""
    return words(captions_and_helps(app))


def test_atlas_without_a_neuron_to_draw(tiny_atlas, tmp_path, monkeypatch):
    copy_atlas(tiny_atlas, tmp_path / "silent")
    monkeypatch.setattr(starts, "one_idea", lambda atlas, count: ())
    monkeypatch.setattr(starts, "class_examples", lambda atlas, count: [])
    app = open_app(tmp_path, "overview", monkeypatch, start="1")
    assert "No neuron of this atlas has activating examples." in [each.value for each in app.markdown]
    assert words(app.error[0].value) == "start=1: this atlas has no neuron with examples"
    assert not [each for each in payloads(app) if "branches" in each]
    assert tiles_of(app, "Ways on")


def test_first_pick_is_drawn_with_a_sentence_for_each_feature(ideas_atlas, monkeypatch):
    atlas = Atlas.open(ideas_atlas)
    pick = first_look(atlas).picks[0]
    picture = drawn(open_app(ideas_atlas.parent, "overview", monkeypatch))
    assert picture["title"] == f"Layer {pick.ref.layer} · Neuron {pick.ref.neuron}"
    neuron = f"neuron?atlas=ideas&layer={pick.ref.layer}&neuron={pick.ref.neuron}"
    assert picture["href"] == neuron
    assert {row["number"]: row["href"] for row in picture["rows"]} == {i: f"{neuron}&feature={i}" for i in (0, 1)}
    data = atlas.neuron(pick.ref)
    for row in picture["rows"]:
        _, key, _ = row["sentence"]
        central = atlas.features["central"][atlas.feature_ids(pick.ref)[row["number"]]]
        assert key == atlas.vocab[atlas.tokens[data.example[central], data.pos[central]]].strip()
        assert row["n"] == 6


def test_rule_is_short_and_in_full_behind_its_question_mark(ideas_atlas, monkeypatch):
    app = open_app(ideas_atlas.parent, "overview", monkeypatch)
    (short,) = (each for each in app.caption if each.value.startswith("Picked by a rule"))
    assert len(short.value) < 130 < len(short.help)


def test_picks_are_stated_by_their_rule(ideas_atlas, tiny_atlas, compared_atlas, monkeypatch):
    text = captions(open_app(ideas_atlas.parent, "overview", monkeypatch))
    assert "at least 5 examples, no word is the key token of more than 40% of them" in text
    assert "Chance is left out: this atlas has no random directions." in text
    assert "No feature here counts" not in text
    assert "No feature here counts, so these show the classes below." in captions(
        open_app(tiny_atlas.parent, "overview", monkeypatch)
    )
    compared = captions(open_app(compared_atlas.parent, "overview", monkeypatch))
    assert "below that of two thirds of the random directions of its layer" in compared
    assert "neurons with fewer than 7 examples cannot be compared" in compared


def test_other_picks_are_cards_and_another_is_drawn_by_the_link(tiny_atlas, monkeypatch):
    picks = first_look(Atlas.open(tiny_atlas)).picks
    assert len(picks) == 7
    app = open_app(tiny_atlas.parent, "overview", monkeypatch, start="2")
    assert url(app) == {"atlas": "planted", "start": "2"}
    assert drawn(app)["title"] == f"Layer {picks[2].ref.layer} · Neuron {picks[2].ref.neuron}"
    cards = [tile["title"] for tile in tiles_of(app, "Further picks of the same rule")]
    assert cards == [str(pick.ref) for i, pick in enumerate(picks) if i != 2]
    (another,) = next(each["chips"] for each in payloads(app) if each.get("label") == "Draw another one")
    assert another["href"] == "overview?atlas=planted&start=3"


def test_last_pick_is_followed_by_the_first(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "overview", monkeypatch, start="6")
    (another,) = next(each["chips"] for each in payloads(app) if each.get("label") == "Draw another one")
    assert another["href"] == "overview?atlas=planted"


@pytest.mark.parametrize(("start", "nearest"), [("99", 6), ("-1", 0), ("<b>", 0)])
def test_bad_link_says_what_is_there(start, nearest, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "overview", monkeypatch, start=start)
    assert words(app.error[0].value) == f"start={start}: this page has picks 0 to 6"
    ref = first_look(Atlas.open(tiny_atlas)).picks[nearest].ref
    assert drawn(app)["title"] == f"Layer {ref.layer} · Neuron {ref.neuron}"


def test_ways_on(tiny_atlas, monkeypatch):
    ways = {
        tile["title"]: tile["href"]
        for tile in tiles_of(open_app(tiny_atlas.parent, "overview", monkeypatch), "Ways on")
    }
    assert ways == {
        "Type a text": "prompt?atlas=planted",
        "Rank all neurons": "ranking?atlas=planted",
        "Search a word": "search?atlas=planted",
    }


def test_drawing_a_digit_is_offered_where_an_atlas_has_a_lab(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "overview", monkeypatch)
    ways = {tile["title"]: tile["href"] for tile in tiles_of(app, "Ways on")}
    assert ways == {
        "Draw a digit": "sae_lab?atlas=planted-lab",
        "Rank all latents": "ranking?atlas=planted-lab",
        "Search a label": "search?atlas=planted-lab",
    }


def test_features_of_images_have_those_nearest_their_centre(image_atlas, monkeypatch):
    app = open_app(image_atlas.parent, "overview", monkeypatch)
    assert drawn(app)["title"].startswith(("standard SAE · Latent", "NE SAE · Latent"))
    assert all(row["images"] and row["sentence"] is None for row in drawn(app)["rows"])
    assert "whole words" not in captions(app)
    assert all(tile["images"] for tile in tiles_of(app, "Further picks of the same rule"))


def test_drawn_tree_has_at_most_some_examples_of_each_feature(tiny_atlas):
    picture = drawing(Atlas.open(tiny_atlas), 0, 0, ())
    assert [(row["number"], row["n"]) for row in picture["rows"]] == [(0, 14), (1, 3)]
    assert len(picture["branches"]) == 16
    assert [feature for *_, feature in picture["branches"]].count(-1) == 1  # the root alone is above the cut
    assert evenly(1000, LEAVES).tolist() == sorted(set(evenly(1000, LEAVES).tolist()))
    assert len(evenly(1000, LEAVES)) == LEAVES


def test_pages_without_a_neuron_open_the_drawn_one(ideas_atlas, tiny_atlas):
    atlas = Atlas.open(ideas_atlas)
    assert first_neuron(atlas) == first_look(atlas).picks[0].ref
    assert first_neuron(Atlas.open(tiny_atlas)) == NeuronRef(0, 0)


def test_neurons_with_examples(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    assert neurons_with_examples(atlas, 2) == [NeuronRef(2, j) for j in (0, 2, 3, 4)]
    assert len(neurons_with_examples(atlas)) == 9


def test_quartiles_ignore_nan():
    assert figures.quartiles(np.array([1.0, 2, 3, np.nan])) == (1.5, 2, 2.5)
    assert np.isnan(figures.quartiles(np.array([np.nan]))).all()


def test_page_has_counts_suggestions_figures_and_settings(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "overview", monkeypatch)
    html = " ".join(each.proto.body for each in app.get("html"))
    assert "<dt>features</dt><dd>17</dd>" in html
    assert "cosine distance 0.5, average linkage" in html
    assert "computed for 47 of 95 activating examples" in html
    rows = rows_of(app, "Primary and rare")
    assert rows[0]["href"] == "neuron?atlas=planted&layer=0&neuron=0"
    assert rows[0]["label"] == ["cat", "red"]
    presets = next(each["chips"] for each in payloads(app) if each.get("label") == "Views of the ranking")
    assert presets[0] == {
        "text": "Primary and rare",
        "href": "ranking?atlas=planted&sort=inter&class=primary-rare",
        "current": False,
    }
    charts = [json.loads(each.proto.spec) for each in app.get("plotly_chart")]
    assert [chart["layout"]["yaxis"]["title"]["text"] for chart in charts] == [
        "features",
        "cosine distance",
        "% of the layer",
    ]
    assert charts[2]["data"][0]["x"] == ["0", "2"]


def test_about_opens(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "about", monkeypatch)
    assert any("2411.08166" in each.value for each in app.markdown)


def test_counts_have_separators_and_other_values_are_escaped():
    assert [count(197_784), count(3), count(True), count("<b>"), count(None)] == [
        "197,784", "3", "True", "&lt;b&gt;", "None",
    ]  # fmt: skip
