"""The ranking: classes, order, filters and pages in the URL, links of rows, and the message of an empty one."""

import json

import pytest

from ne_core.atlas import Atlas
from pages.components.url.ranking_view import PRESETS, View
from tests.support.apptest import open_app, payloads, url, words


def table(app) -> dict:
    return next(each for each in payloads(app) if "columns" in each)


def names(app) -> list[str]:
    return [row["name"] for row in table(app)["rows"]]


def chips(app, label: str) -> dict[str, str]:
    links = next(each["chips"] for each in payloads(app) if each.get("label") == label)
    return {chip["text"]: chip["href"] for chip in links}


def cells(app, name: str) -> list[str]:
    """A column of the table by its title; the first is the row's own name."""
    index = [column["title"] for column in table(app)["columns"]].index(name) - 1
    return [row["cells"][index] for row in table(app)["rows"]]


def test_default_order_is_by_number_of_features(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "ranking", monkeypatch)
    assert not app.error
    assert cells(app, "Features") == ["4", "3", "2", "2", "2", "1", "1", "1", "1", "0", "0"]
    assert names(app)[:5] == ["L0 N2", "L2 N3", "L0 N0", "L0 N5", "L2 N0"]
    row = table(app)["rows"][2]
    assert row["href"] == "neuron?atlas=planted&layer=0&neuron=0"
    assert row["label"] == ["cat", "red"]
    assert (row["kind"], row["cells"][0]) == ("primary-rare", "Primary and rare")
    assert any("11 of 11 neurons" in each.value for each in app.markdown)
    assert url(app) == {"atlas": "planted"}


def test_numbers_match_the_atlas(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "ranking", monkeypatch, sort="neuron")
    neurons = Atlas.open(tiny_atlas).neurons
    assert cells(app, "Size") == [str(n) for n in neurons["n_examples"].tolist()]
    assert cells(app, "Largest")[0] == f"{14 / 17:.0%}"
    assert cells(app, "Inter")[0] == f"{neurons['inter_distance'][0]:.2f}"
    assert cells(app, "Inter")[1] == "–"  # a single feature has no inter-feature distance


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_links_to_views(preset, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "ranking", monkeypatch, **PRESETS[preset].query(Atlas.open(tiny_atlas)))
    assert not app.error
    href = chips(app, "Presets")[preset]
    assert href == PRESETS[preset].href(Atlas.open(tiny_atlas))


def test_class_filter_shows_its_rule(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "ranking", monkeypatch, **{"class": "primary-rare"})
    assert names(app) == ["L0 N0", "L2 N0"]
    assert any("The largest feature has at least 60%" in each.value for each in app.caption)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"layer": "2"}, ["L2 N3", "L2 N0", "L2 N2", "L2 N4", "L2 N1"]),
        ({"features": "3-"}, ["L0 N2", "L2 N3"]),
        ({"features": "4-1000000"}, ["L0 N2"]),  # written without an exponent
        ({"size": "10-12", "sort": "size"}, ["L2 N0", "L2 N4", "L0 N5"]),
        ({"size": "-1", "sort": "size", "order": "asc"}, ["L0 N4", "L2 N1", "L0 N3"]),
        ({"class": "single", "layer": "2", "sort": "neuron", "order": "desc"}, ["L2 N4", "L2 N2"]),
        ({"distance": "0.5-"}, ["L0 N2", "L2 N3", "L0 N5"]),
    ],
)
def test_filters_are_in_the_url(query, expected, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "ranking", monkeypatch, **query)
    assert names(app) == expected
    assert url(app) == {"atlas": "planted", **query}


def test_headings_sort_and_reverse(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "ranking", monkeypatch, **{"sort": "size", "class": "many"})
    columns = {column["title"]: column for column in table(app)["columns"]}
    assert columns["Size"]["sorted"] == "descending"
    assert columns["Size"]["href"] == "ranking?atlas=planted&sort=size&order=asc&class=many"
    assert columns["Mean"]["href"] == "ranking?atlas=planted&sort=mean&class=many"
    assert columns["Features"]["href"] == "ranking?atlas=planted&class=many"
    assert all(column["meaning"] for column in columns.values())


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"sort": "x"}, "sort=x: the columns are neuron, class, features, mean"),
        ({"order": "up"}, "order=up: the orders are asc or desc"),
        ({"layer": "1"}, "layer=1: this atlas has layers 0 and 2"),
        ({"class": "x"}, "class=x: the classes are dead, single, primary-rare, related or many"),
        ({"size": "9"}, "size=9: a range is written 2-10, 2- or -10; values here are from 0 to 18"),
        ({"size": "9-2"}, "size=9-2: a range is written"),
        ({"distance": "nan-"}, "distance=nan-: a range is written"),
        ({"page": "7"}, "page=7: this view has one page, page=0"),
    ],
)
def test_invalid_parameter_names_the_valid_values(query, problem, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "ranking", monkeypatch, **query)
    (message,) = app.error
    assert words(message.value).startswith(problem)
    assert names(app)


def test_controls_change_the_url(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "ranking", monkeypatch, sort="size", page="0")
    app.selectbox(key="_ranking_kind").select("many").run()
    assert url(app) == {"atlas": "planted", "sort": "size", "class": "many"}
    app.slider(key="_ranking_features").set_range(3, 4).run()
    assert url(app) == {"atlas": "planted", "sort": "size", "class": "many", "features": "3-"}
    assert names(app) == ["L0 N2", "L2 N3"]
    app.selectbox(key="_ranking_layer").select(2).run()
    assert names(app) == ["L2 N3"]
    app.slider(key="_ranking_features").set_range(0, 4).run()
    assert url(app) == {"atlas": "planted", "sort": "size", "class": "many", "layer": "2"}


def test_empty_ranking_links_to_fewer_filters(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "ranking", monkeypatch, layer="2", features="4-")
    assert any("No neuron passes" in each.value for each in app.markdown)
    assert chips(app, "Fewer filters") == {
        "without features: 5 neurons": "ranking?atlas=planted&layer=2",
        "without layer 2: 1 neuron": "ranking?atlas=planted&features=4-",
        "no filters": "ranking?atlas=planted",
    }


def test_pages_have_consecutive_rows(tiny_atlas, monkeypatch):
    whole = names(open_app(tiny_atlas.parent, "ranking", monkeypatch))
    monkeypatch.setattr("pages.components.url.ranking_view.PAGE", 4)
    first = open_app(tiny_atlas.parent, "ranking", monkeypatch)
    last = open_app(tiny_atlas.parent, "ranking", monkeypatch, page="2")
    assert names(first) + names(last) == whole[:4] + whole[8:]
    assert chips(first, "Pages") == {
        "Previous": None,
        "Page 1 of 3": None,
        "Next": "ranking?atlas=planted&page=1",
    }
    assert chips(last, "Pages")["Next"] is None


def test_only_one_page_of_rows_is_sent(tiny_atlas, monkeypatch):
    monkeypatch.setattr("pages.components.url.ranking_view.PAGE", 3)
    assert len(names(open_app(tiny_atlas.parent, "ranking", monkeypatch))) == 3


def test_query_of_a_view(tiny_atlas):
    view = View("mean", False, 2, "many", features=(2.0, None), distance=(0.25, 0.5), page=3)
    query = view.query(Atlas.open(tiny_atlas))
    assert query == {
        "atlas": "planted",
        "sort": "mean",
        "order": "asc",
        "layer": "2",
        "class": "many",
        "features": "2-",
        "distance": "0.25-0.5",
        "page": "3",
    }
    assert view.to(layer=None).page == 0


def test_figures_have_titles_and_classes(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "ranking", monkeypatch)
    charts = [json.loads(each.proto.spec) for each in app.get("plotly_chart")]
    assert [chart["layout"]["yaxis"]["title"]["text"] for chart in charts] == [
        "features",
        "cosine distance",
        "% of the layer",
    ]
    assert [bar["name"] for bar in charts[2]["data"]] == [
        "Dead",
        "Single meaning",
        "Primary and rare",
        "Related meanings",
        "Many",
    ]
