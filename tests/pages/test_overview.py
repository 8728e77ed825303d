"""The overview: counts and settings of the atlas, figures of its layers, and suggested neurons by their rules."""

import json
from dataclasses import replace

import numpy as np

from ne_core.atlas import Atlas
from ne_core.export import figures
from ne_core.refs import NeuronRef
from pages.components.cached.starts import first_neuron, importance_known, named_by_words, neurons_with_examples, starts
from pages.components.shell.settings import count
from tests.support.apptest import open_app, payloads, rows_of


def test_planted_neurons_match_their_rules(tiny_atlas):
    """L0 N0 was planted with 14 and 3 examples, L0 N2 with 6, 5, 4 and 3; three have one feature."""
    rare, several, single = starts(Atlas.open(tiny_atlas), 4)
    assert rare.neurons == (NeuronRef(0, 0),)
    assert NeuronRef(0, 2) in several.neurons
    assert set(single.neurons) == {NeuronRef(0, 1), NeuronRef(2, 2), NeuronRef(2, 4)}


def test_suggestions_are_deterministic(tiny_atlas):
    assert starts(Atlas.open(tiny_atlas), 4) == starts(Atlas.open(tiny_atlas), 4)
    assert first_neuron(Atlas.open(tiny_atlas)) == NeuronRef(0, 0)


def test_neurons_named_by_words(tiny_atlas):
    """L0 N0 fires on “ cat” and “ red”, L0 N2 on a sign too, L0 N5 on signs."""
    atlas = Atlas.open(tiny_atlas)
    row = [atlas.neuron_row(NeuronRef(0, j)) for j in (0, 2, 5)]
    assert named_by_words(atlas)[row].tolist() == [True, False, False]
    few = replace(atlas, features=atlas.features | {"key_token_counts": atlas.features["key_token_counts"] // 3})
    assert not named_by_words(few)[row].any()  # the word is no longer that of most examples


def test_neurons_with_importance_of_the_first_example(tiny_atlas):
    """The most central examples of every planted feature have importances; a dead neuron has no example."""
    atlas = Atlas.open(tiny_atlas)
    assert importance_known(atlas).tolist() == (atlas.neurons["n_examples"] > 0).tolist()


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
    rows = rows_of(app, "One large and one rare feature")
    assert rows[0]["href"] == "neuron?atlas=planted&layer=0&neuron=0"
    assert rows[0]["label"] == ["cat", "red"]
    presets = next(each["chips"] for each in payloads(app) if each["label"] == "Views of the ranking")
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
