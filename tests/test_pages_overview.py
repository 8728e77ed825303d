"""The overview: what the atlas is, how its layers differ, and where to start by the stated rules."""

import json

import numpy as np

from ne_core import figures
from ne_core.atlas import Atlas
from ne_core.refs import NeuronRef
from pages.components.starts import first_neuron, living, starts
from tests.apptest import open_app, rows_of


def test_planted_neurons_are_found_by_their_rules(tiny_atlas):
    """L0 N0 was planted with 14 and 3 examples, L0 N2 with 6, 5, 4 and 3; three have one feature."""
    rare, several, single = starts(Atlas.open(tiny_atlas), 4)
    assert rare.neurons == (NeuronRef(0, 0),)
    assert NeuronRef(0, 2) in several.neurons
    assert set(single.neurons) == {NeuronRef(0, 1), NeuronRef(2, 2), NeuronRef(2, 4)}


def test_picks_are_the_same_every_time(tiny_atlas):
    assert starts(Atlas.open(tiny_atlas), 4) == starts(Atlas.open(tiny_atlas), 4)
    assert first_neuron(Atlas.open(tiny_atlas)) == NeuronRef(0, 0)


def test_living_neurons(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    assert living(atlas, 2) == [NeuronRef(2, j) for j in (0, 2, 3, 4)]
    assert len(living(atlas)) == 9


def test_quartiles_leave_out_nan():
    assert figures.quartiles(np.array([1.0, 2, 3, np.nan])) == (1.5, 2, 2.5)
    assert np.isnan(figures.quartiles(np.array([np.nan]))).all()


def test_the_page_shows_counts_starts_figures_and_settings(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "overview", monkeypatch)
    shown = " ".join(each.proto.body for each in app.get("html"))
    assert "<dt>features</dt><dd>17</dd>" in shown
    assert "cosine distance 0.5, average linkage" in shown
    assert "computed for 47 of 95 activating examples" in shown
    rows = rows_of(app, "One large and one rare feature")
    assert rows[0]["href"] == "neuron?atlas=planted&layer=0&neuron=0"
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
