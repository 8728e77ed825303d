"""The neuron page at another cut and at a branch: features, their numbers, and messages for invalid values."""

from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.measures import feature_distances
from ne_core.method.partitions import holder
from ne_core.method.trees.cluster import cut
from ne_core.palette import feature_colour
from ne_core.queries.in_embedding import neuron_in
from ne_core.refs import NeuronRef
from pages.components.neuron import export_neuron
from pages.components.text.labels import label
from pages.components.url.neuron_view import View
from pages.components.widgets import clusters
from pages.components.widgets.clusters import branch_at, cluster_label, features_at, shared
from tests.support.apptest import open_app, payloads, rows_of, url, words

SEVERAL = {"layer": "0", "neuron": "2"}  # planted with features of 6, 5, 4 and 3 examples at cut 0.5


@pytest.fixture(scope="module")
def atlas(tiny_atlas):
    return Atlas.open(tiny_atlas)


@pytest.fixture(scope="module")
def several(atlas):
    return atlas.neuron(NeuronRef(0, 2))


def examples_of(app) -> dict:
    return next(each for each in payloads(app) if "lines" in each)


def tree_of(app) -> dict:
    return next(each for each in payloads(app) if "branches" in each)


def low_cut(neuron) -> float:
    """Return a cut that splits the planted features, rounded for a URL."""
    return round(float(np.quantile(neuron.tree[:, 2], 0.5)), 4)


def test_the_default_cut_is_not_in_the_url(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL, cut="0.5")
    assert url(app) == {"atlas": "planted", **SEVERAL}
    tree = tree_of(app)
    assert (tree["cut"], tree["default_cut"], tree["branch"]) == (0.5, 0.5, None)
    assert (
        sum(branch["h"] > 0.5 for branch in tree["branches"]) == 3
    )  # three branch points above the cut join four features
    assert tree["address"] == "neuron?atlas=planted&layer=0&neuron=2"


def test_features_at_another_cut(tiny_atlas, several, monkeypatch):
    cut_value = low_cut(several)
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL, feature="5", cut=f"{cut_value}")
    assert not app.error
    features = cut(several.tree, cut_value)
    rows = rows_of(app, "Features of")
    assert [row["meta"] for row in rows] == [str(size) for size in np.bincount(features)]
    assert rows[2]["href"] == f"neuron?atlas=planted&layer=0&neuron=2&feature=2&cut={cut_value:g}"
    assert [row["current"] for row in rows].index(True) == 5
    examples = examples_of(app)
    assert (examples["head"]["title"], examples["head"]["back"]) == ("Feature 5", None)
    assert len(examples["lines"]) == (features == 5).sum()
    assert {each.label: each.value for each in app.metric}["Features"] == str(features.max() + 1)
    assert url(app)["cut"] == f"{cut_value:g}"


def test_colours_are_of_examples_not_of_numbers(tiny_atlas, several, monkeypatch):
    """A feature at a low cut has the colour of the atlas's feature with most of its examples, or another one."""
    cut_value = low_cut(several)
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL, feature="4", cut=f"{cut_value}")
    features, colours = cut(several.tree, cut_value), [row["colour"] for row in rows_of(app, "Features of")]
    largest = [min(np.flatnonzero(several.feature == f), key=lambda row: features[row]) for f in range(4)]
    assert [colours[features[row]] for row in largest] == [feature_colour(f).css for f in range(4)]
    assert colours.count(feature_colour(0).css) == 1
    assert examples_of(app)["head"]["colour"] == colours[4]
    tree = tree_of(app)
    leaves = [tree["colours"][i] for i in tree["colour_of"][: len(several)]]
    assert {colours[features[leaf["row"]]] for leaf in tree["leaves"]} <= set(leaves)
    page = export_neuron.page_html(Atlas.open(tiny_atlas), View(several.ref, None, "neuron", cut_value))
    assert [f"--c:{colour}" in page for colour in colours] == [True] * len(colours)


def test_number_of_features_at_each_cut(tiny_atlas, several, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL, feature="2", sort="near", cut="0.3")
    figure = next(each for each in payloads(app) if each.get("label") == "Number of features by cut.")
    assert figure["marks"] == [[0.3, "cut 0.3"]]
    assert "cosine distance" in figure["x"]["title"]
    members = np.flatnonzero(cut(several.tree, 0.3) == 2)
    for bar in figure["bars"]:
        features = cut(several.tree, float(bar["words"].split()[1].rstrip(":")))
        assert round(10 ** bar["y"]) - 1 == features.max() + 1
        query = dict(parse_qsl(bar["href"].partition("?")[2]))
        assert query == {
            "atlas": "planted",
            **SEVERAL,
            "sort": "near",
            "feature": query["feature"],
            "cut": query["cut"],
        }
        shares = np.bincount(features[members])
        assert shares[int(query["feature"])] == shares.max()
    app_at_cut = open_app(tiny_atlas.parent, "neuron", monkeypatch, **query)
    assert not app_at_cut.error
    assert figure["bars"][-1]["href"] == f"neuron?{urlencode(url(app_at_cut))}"  # the spelling of the page itself


def test_one_example_has_no_number_of_features_at_cuts(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="3")
    assert "Number of features by cut." not in [each.get("label") for each in payloads(app)]


@pytest.mark.parametrize("cut_value", [None, "0.3"])
def test_rows_have_the_places_by_which_bookmarks_know_them(cut_value, tiny_atlas, several, monkeypatch):
    query = SEVERAL | ({"cut": cut_value} if cut_value else {})
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **query, feature="1")
    judged = next(each["judged"] for each in payloads(app) if each.get("judged"))
    bookmark, centres = next((each["bookmark"], each["centres"]) for each in payloads(app) if "bookmark" in each)
    assert judged == {name: bookmark[name] for name in ("atlas", "layer", "neuron", "embedding", "cut")}
    assert [row["at"] for row in rows_of(app, "Features of")] == centres
    assert centres[1] == bookmark["at"]


def test_cut_above_the_tree_gives_one_feature(tiny_atlas, several, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL, cut="2")
    assert [row["meta"] for row in rows_of(app, "Features of")] == [str(len(several))]
    assert "one cluster at every cut from" in examples_of(app)["head"]["facts"]


@pytest.mark.parametrize("value", ["x", "", "nan", "2.5", "-1", "0,4", "1e-1"])
def test_invalid_cut_names_the_valid_values(value, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL, cut=value)
    message = f"cut={value}: a cut is a cosine distance, a number from 0 to 2; this atlas’s is 0.5"
    assert [words(each.value) for each in app.error] == [message]
    assert tree_of(app)["cut"] == {"2.5": 2, "-1": 0}.get(value, 0.5)


def test_feature_number_refers_to_the_cut(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL, feature="3", cut="1.9")
    assert [words(each.value) for each in app.error] == ["feature=3: this neuron has only feature 0 at cut 1.9"]


def test_many_features_list_the_largest_and_the_current_one(tiny_atlas, monkeypatch):
    monkeypatch.setattr(clusters, "LISTED", 2)
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL, feature="3")
    assert [row["number"] for row in rows_of(app, "Features of this neuron")] == [0, 1, 3]
    assert any(caption.value.startswith("Smaller features are not listed (1)") for caption in app.caption)


def test_branch_shows_its_examples_and_a_link_back(tiny_atlas, several, monkeypatch):
    branch = len(several.tree) - 2
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL, feature="1", branch=str(branch))
    examples = examples_of(app)
    assert examples["head"]["title"] == f"Branch point {branch}"
    assert len(examples["lines"]) == several.tree[branch, 3]
    assert examples["head"]["back"]["href"] == "neuron?atlas=planted&layer=0&neuron=2&feature=1"
    assert not any(row["current"] for row in rows_of(app, "Features of"))
    assert url(app) == {"atlas": "planted", **SEVERAL, "feature": "1", "branch": str(branch)}


@pytest.mark.parametrize(
    ("neuron", "branch", "message"),
    [
        ("2", "17", "branch=17: this neuron’s tree has branch points 0 to 16"),
        ("2", "x", "branch=x: this neuron’s tree has branch points 0 to 16"),
        ("3", "0", "branch=0: this neuron has fewer than two examples, so its tree has no branches"),
        ("4", "0", "branch=0: this neuron has fewer than two examples, so its tree has no branches"),
    ],
)
def test_invalid_branch_names_the_valid_values(neuron, branch, message, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron=neuron, branch=branch)
    assert [words(each.value) for each in app.error] == [message]


def test_similar_features_at_another_cut_are_of_a_stored_feature(tiny_atlas, atlas, several, monkeypatch):
    cut_value = low_cut(several)
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL, feature="4", cut=f"{cut_value}")
    rows = features_at(several, cut_value)[4].rows
    feature = holder(several.feature, rows)
    assert set(several.feature[rows]) == {feature}
    note = next(each.value for each in app.caption if "stored for the atlas’s cut" in each.value)
    size = (several.feature == feature).sum()
    name = label(atlas, atlas.feature_ids(several.ref)[feature])
    expected = f"its feature {feature}, {name}, which has {len(rows)} of the {len(rows)} examples of feature 4 at cut"
    assert expected in words(note)
    assert f"and {size - len(rows)} others" in note
    plain = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL, feature=str(feature))
    assert rows_of(app, "Features similar") == rows_of(plain, "Features similar")


def test_cut_and_branch_are_dropped_for_another_neuron(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL, feature="1", cut="0.3", branch="3")
    next(each for each in app.button if each.label == "Next").click().run()
    assert url(app) == {"atlas": "planted", "layer": "0", "neuron": "3"}


def test_paper_s_embedding_has_no_suggested_cut(tiny_atlas, monkeypatch):
    tree = tree_of(open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL))
    assert tree["suggested"] is None


def test_page_says_that_an_embedding_has_no_suggested_cut(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL)
    assert any("No suggested cut: in this embedding" in each.value for each in app.caption)


def test_suggested_cut_in_a_calibrated_embedding(tiny_atlas, several, monkeypatch):
    """The meanings were planted far apart."""
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **SEVERAL, embedding="whitened")
    atlas, suggested = Atlas.open(tiny_atlas), tree_of(app)["suggested"]
    neuron = neuron_in(atlas, several.ref, "whitened")
    assert suggested == neuron.suggested_cut
    assert cut(neuron.tree, suggested).tolist() == several.feature.tolist()
    assert not any("No suggested cut" in each.value or "No clear cut" in each.value for each in app.caption)


@pytest.mark.parametrize("cut_value", [0.0, 0.001, 0.5, 2.0])
def test_clusters_match_the_cut(several, cut_value):
    clusters_at_cut, features = features_at(several, cut_value), cut(several.tree, cut_value)
    assert [cluster.rows.tolist() for cluster in clusters_at_cut] == [
        np.flatnonzero(features == f).tolist() for f in range(len(clusters_at_cut))
    ]
    assert [cluster.central for cluster in clusters_at_cut] == several.central(cut_value).tolist()
    np.testing.assert_allclose(
        [cluster.distance for cluster in clusters_at_cut], feature_distances(several.tree, cut_value)
    )
    assert all(cluster.height <= np.float32(cut_value) < cluster.parent for cluster in clusters_at_cut)


def test_branch_has_all_examples_below_it(several):
    whole = branch_at(several, len(several.tree) - 1)
    assert whole.rows.tolist() == list(range(len(several)))
    assert whole.parent == np.inf
    assert holder(several.feature, whole.rows) == 0
    assert shared(several, 0, whole.rows) == (6, 6)


def test_features_at_the_default_cut_have_the_stored_label(atlas, several):
    for feature, cluster in enumerate(features_at(several, 0.5)):
        id = atlas.feature_ids(several.ref)[feature]
        first = atlas.vocab[atlas.features["key_tokens"][id][0]]
        assert cluster_label(atlas, several, cluster.rows) == label(atlas, id)
        assert {atlas.vocab[token] for token in atlas.tokens[several.example, several.pos][cluster.rows]} == {first}
