"""Side by side with one neuron on both sides: at two cuts, in two embeddings, and what the facts say then."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from ne_core.atlas import Atlas
from ne_core.method.trees.cluster import similarities
from ne_core.queries.in_embedding import neuron_in
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.side_by_side.export_sides import both_examples, features_frame
from pages.components.side_by_side.facts import cosine
from pages.components.side_by_side.feature import side_feature
from pages.components.url.side_by_side_view import Side
from tests.support.apptest import open_app, payloads, rows_of, url, words

REF, FEATURE = NeuronRef(0, 2), FeatureRef(0, 2, 0)
WHITENED = {"a": "0.2.0", "b": "0.2.0", "embedding_b": "whitened"}
OFFERED = "neuron, pre_mlp, whitened, token_half, token_fifth or token_free"


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def metric(app, label: str) -> str:
    return next(each.value for each in app.metric if each.label == label)


def test_two_embeddings_of_one_neuron(atlas, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, **WHITENED)
    assert not app.error
    neuron, other = atlas.neuron(REF), neuron_in(atlas, REF, "whitened")
    assert metric(app, "Agreement of the partitions") == f"{adjusted_rand_score(neuron.feature, other.feature):.2f}"
    both = int(((neuron.feature == 0) & (other.feature == 0)).sum())
    a, b = (int((each.feature == 0).sum()) for each in (neuron, other))
    text = words("\n".join(each.value for each in app.markdown))
    assert f"Examples in both:** {both} of a’s {a} and b’s {b}." in text
    assert f"| Examples | {a} | {b} |" in text
    href = rows_of(app, "Feature b")[0]["href"]
    assert href.endswith("layer=0&neuron=2&feature=0&embedding=whitened")
    assert any(each.get("label") == "Examples of b, L0 N2 F0 in whitened" for each in payloads(app))


def test_two_cuts_of_one_neuron(tiny_atlas, monkeypatch):
    """At cut 2 the neuron has one feature, which has all examples of four: the index is 0."""
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, a="0.2.1", b="0.2.0", cut_b="2")
    assert not app.error
    assert metric(app, "Agreement of the partitions") == "0.00"
    table = next(each.value for each in app.markdown if each.value.startswith("| a, b |"))
    counts = [line.split("|")[2].strip(" *") for line in table.splitlines()[2:]]
    assert counts == ["6", "5", "4", "3", "·"]
    assert url(app) == {"atlas": "planted", "a": "0.2.1", "b": "0.2.0", "cut_b": "2"}


def test_features_of_one_partition_have_no_agreement(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, a="0.2.0", b="0.2.1")
    assert not [each for each in app.metric if each.label == "Agreement of the partitions"]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"a": "0.2.1", "cut_a": "2"}, "a=0.2.1: neuron L0 N2 has only feature 0 at cut 2 of the embedding neuron"),
        (
            {"a": "0.2.0", "embedding_a": "x"},
            f"embedding_a=x: the embeddings are {OFFERED}",
        ),
        ({"a": "0.2.0", "cut_a": "7"}, "cut_a=7: a cut is a cosine distance, a number from 0 to 2; the default is 0.5"),
        (
            {"a": "0.2.0", "cut_a": "2", "b": "0.2.0", "cut_b": "2"},
            "b=0.2.0: the same feature as a: choose another, or another cut or embedding of a side",
        ),
    ],
)
def test_invalid_sides_are_one_line(query, problem, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, **query)
    assert [words(each.value) for each in app.error] == [problem]


def test_controls_move_a_side_to_the_feature_with_its_examples(atlas, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, a="0.2.1", b="0.2.3")
    app.number_input(key="_side_cut_b").set_value(2.0).run()
    assert url(app) == {"atlas": "planted", "a": "0.2.1", "b": "0.2.0", "cut_b": "2"}
    app.selectbox(key="_side_embedding_b").set_value("pre_mlp").run()
    assert url(app) == {"atlas": "planted", "a": "0.2.1", "b": "0.2.0", "embedding_b": "pre_mlp"}
    app.button(key="_swap").click().run()
    assert url(app) == {"atlas": "planted", "a": "0.2.0", "b": "0.2.1", "embedding_a": "pre_mlp"}


def test_cosine_of_an_unlisted_feature_is_that_of_its_inputs(atlas):
    a, b = (side_feature(atlas, Side(ref, "whitened")) for ref in (FEATURE, FeatureRef(2, 3, 0)))
    x = np.stack([np.float32(atlas.neuron_inputs(each.ref.of)[each.cluster.central]) for each in (a, b)])
    assert cosine(atlas, a, b, "pre_mlp") == pytest.approx(float(similarities(x)[0, 1]), abs=1e-5)


def test_cosines_without_inputs_are_left_out(two_trees_atlas, monkeypatch):
    query = {"a": "0.2.0", "b": "0.2.0", "embedding_b": "pre_mlp"}
    app = open_app(two_trees_atlas.parent, "side_by_side", monkeypatch, **query)
    assert not app.error
    assert {each.value for each in app.metric if each.label.startswith("Cosine")} == {"–"}
    assert any("Cosines are stored for features of the atlas’s embedding" in each.value for each in app.caption)


def test_tables_name_embedding_and_cut_of_each_side(atlas):
    sides = [side_feature(atlas, Side(FEATURE)), side_feature(atlas, Side(FEATURE, "whitened", 0.9))]
    features, examples = features_frame(atlas, sides), both_examples(atlas, sides)
    assert features[["embedding", "cut"]].to_numpy().tolist() == [["neuron", 0.5], ["whitened", 0.9]]
    assert features["size"].tolist() == [len(side.cluster) for side in sides]
    assert examples.groupby(["embedding", "cut"]).size().tolist() == features["size"].tolist()
