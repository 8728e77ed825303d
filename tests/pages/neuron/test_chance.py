"""Comparison with chance on the pages Neuron, Ranking and Overview, with and without random directions."""

import json

import pytest

from ne_core.atlas import Atlas
from pages.components.url.ranking_view import COMPARED
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
    assert "<strong>1.0 [1.0 to 1.0]</strong>; random directions 3.1" in page_html(app)
    assert "fewer than 100 % of them; weights shuffled: 1.0 [1.0 to 1.0]." in page_html(app)
    assert "over 200 random sets of 7 examples" in captions(app)


def test_neuron_of_many_features_is_above_all_random_directions(compared_atlas, monkeypatch):
    app = open_app(compared_atlas.parent, "neuron", monkeypatch, layer="0", neuron="2")
    assert "more than 100 % of them" in page_html(app)


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
    assert {("Features", "at 7 examples"), ("Above", "% of random"), ("Features", "in all")} <= heads
    neurons = Atlas.open(compared_atlas).neurons
    values = [neurons[name][2] for name in ("rarefied_features", "rarefied_low", "rarefied_high")]
    assert cells(app, "Features")[0] == "{:.1f} [{:.1f}–{:.1f}]".format(*values)
    assert names(app)[:2] == ["L0 N2", "L2 N3"]
    assert cells(app, "Above")[0] == "100"
    assert cells(app, "Features")[-3:] == ["–"] * 3
    assert any("by features at 7 examples, descending" in each.value for each in app.markdown)


def test_ready_made_view_of_fewer_features_than_chance(compared_atlas, monkeypatch):
    app = open_app(compared_atlas.parent, "ranking", monkeypatch)
    views = chips(app, "Presets")
    assert views["Fewer meanings than chance"] == "ranking?atlas=compared&sort=random&order=asc&random=-5"
    query = COMPARED["Fewer meanings than chance"].query(Atlas.open(compared_atlas))
    app = open_app(compared_atlas.parent, "ranking", monkeypatch, **query)
    assert {"L0 N1", "L2 N2", "L2 N4"} <= set(names(app))
    assert "L0 N2" not in names(app)
    assert url(app) == query


def test_ranking_without_random_directions_lacks_their_columns(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "ranking", monkeypatch, sort="random")
    (message,) = app.error
    assert "the columns are" in message.value
    assert "Above" not in [column["title"] for column in table(app)["columns"]]
    assert "Fewer meanings than chance" not in chips(app, "Presets")


@pytest.mark.parametrize(
    ("query", "expected"),
    [({"random": "99-"}, ["L0 N2"]), ({"features": "3-"}, ["L0 N2"]), ({"random": "-0", "layer": "0"}, None)],
)
def test_filters_by_chance_are_in_the_url(query, expected, compared_atlas, monkeypatch):
    app = open_app(compared_atlas.parent, "ranking", monkeypatch, **query)
    assert not app.error
    assert url(app) == {"atlas": "compared", **query}
    assert expected is None or names(app) == expected


def test_invalid_range_names_the_valid_values(compared_atlas, monkeypatch):
    app = open_app(compared_atlas.parent, "ranking", monkeypatch, random="x")
    (message,) = app.error
    assert "values here are from 0 to 100" in message.value


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
