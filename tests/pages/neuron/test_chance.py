"""Comparison with chance on the pages Neuron, Ranking and Overview, with and without random directions."""

import json

from ne_core.atlas import Atlas
from tests.pages.test_ranking import cells, chips, names, table
from tests.support.apptest import captions_and_helps, open_app, url


def captions(app) -> str:
    return " ".join(each.value for each in app.caption)


def page_html(app) -> str:
    return " ".join(each.proto.body for each in app.get("html"))


def test_message_without_random_directions(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="0")
    assert not app.error
    assert "compare this count only with neurons of as many examples" in captions(app)
    assert '<div class="ne-chance">' not in page_html(app)


def test_neuron_of_one_feature_is_below_all_random_directions(compared_atlas, monkeypatch):
    app = open_app(compared_atlas.parent, "neuron", monkeypatch, layer="0", neuron="1")
    assert not app.error
    assert "Features at 7 examples" in page_html(app)
    assert "<strong>1.0 [1.0 to 1.0]</strong>; 40 random directions: mean 3.1, half of them from" in page_html(app)
    assert "; weights shuffled: 1.0 [1.0 to 1.0]." in page_html(app)
    assert "too few directions to tell one neuron from chance" in captions(app)
    assert "% of them" not in page_html(app)
    assert "over 200 random sets of 7 examples" in captions(app)


def test_message_for_too_few_examples(compared_atlas, monkeypatch):
    app = open_app(compared_atlas.parent, "neuron", monkeypatch, layer="0", neuron="3")
    assert "Fewer than 7 examples: too few" in captions(app)
    assert '<div class="ne-chance">' not in page_html(app)


def test_positions_of_marks(compared_atlas, monkeypatch):
    app = open_app(compared_atlas.parent, "neuron", monkeypatch, layer="0", neuron="5")
    assert '<b class="own" style="left: 16.67%"></b>' in page_html(app)  # 2 between 1 and 7


def test_ranking_shows_equal_n_features_with_intervals(compared_atlas, monkeypatch):
    app = open_app(compared_atlas.parent, "ranking", monkeypatch)
    assert not app.error
    heads = {(column["title"], column["unit"]) for column in table(app)["columns"]}
    assert {("Features", "at 7 examples"), ("Features", "in all")} <= heads
    neurons = Atlas.open(compared_atlas).neurons
    values = [neurons[name][2] for name in ("rarefied_features", "rarefied_low", "rarefied_high")]
    assert cells(app, "Features")[0] == "{:.1f} [{:.1f}–{:.1f}]".format(*values)
    assert names(app)[:2] == ["L0 N2", "L2 N3"]
    assert cells(app, "Features")[-3:] == ["–"] * 3
    assert any("by features at 7 examples, descending" in each.value for each in app.markdown)


def test_old_addresses_by_percentiles_name_what_there_is(compared_atlas, monkeypatch):
    app = open_app(compared_atlas.parent, "ranking", monkeypatch, sort="random", random="-5")
    assert any("the columns are" in each.value for each in app.error)
    assert "Above" not in [column["title"] for column in table(app)["columns"]]
    assert not [name for name in chips(app, "Presets") if "chance" in name]


def test_features_are_filtered_in_the_url(compared_atlas, monkeypatch):
    app = open_app(compared_atlas.parent, "ranking", monkeypatch, features="3-")
    assert not app.error
    assert url(app) == {"atlas": "compared", "features": "3-"}
    assert names(app) == ["L0 N2"]


def test_invalid_range_names_the_valid_values(compared_atlas, monkeypatch):
    app = open_app(compared_atlas.parent, "ranking", monkeypatch, features="x")
    (message,) = app.error
    assert "values here are from 1 to" in message.value


def test_figures_show_random_directions_and_neurons(compared_atlas, monkeypatch):
    app = open_app(compared_atlas.parent, "ranking", monkeypatch)
    charts = [json.loads(each.proto.spec) for each in app.get("plotly_chart")]
    assert [box["name"] for box in charts[0]["data"]] == ["neurons", "random directions"]
    assert "Grey: random directions" in captions(app)
    assert "at 7 examples, for neurons with at least as many" in captions(app)


def test_overview_ranks_by_chance(compared_atlas, tiny_atlas, monkeypatch):
    text = captions_and_helps(open_app(compared_atlas.parent, "overview", monkeypatch))
    assert "random directions of their layer" in text
    text = captions_and_helps(open_app(tiny_atlas.parent, "overview", monkeypatch)).replace("\\", "")
    assert "Chance is left out: this atlas has no random directions." in text
    assert "random direction" not in text.replace("this atlas has no random directions", "")
