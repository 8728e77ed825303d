"""The embedding switch of the neuron page: what follows it, what stays with the atlas's own, and invalid links."""

from urllib.parse import parse_qsl

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from ne_core.atlas import Atlas
from ne_core.export.frames import cut_frame, examples_frame
from ne_core.export.static_page import static_page
from ne_core.method.partitions import adjusted_rand
from ne_core.queries import in_embedding
from ne_core.queries.in_embedding import neuron_in
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.neuron.export_neuron import stem
from pages.components.url.neuron_view import View
from tests.support.apptest import captions_and_helps, open_app, payloads, rows_of, url, words

REF = NeuronRef(0, 2)
QUERY = {"layer": "0", "neuron": "2"}
WHITENED = QUERY | {"embedding": "whitened"}


def query_of(href: str) -> dict[str, str]:
    return dict(parse_qsl(href.split("?")[1]))


def tree_of(app) -> dict:
    return next(each for each in payloads(app) if "branches" in each)


def sizes(app) -> list[int]:
    return [int(row["meta"]) for row in rows_of(app, "Features of")]


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def test_link_shows_tree_features_and_numbers_of_its_embedding(atlas, tiny_atlas, monkeypatch):
    """The oracle is scipy on the embedder's vectors."""
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **WHITENED, feature="1")
    assert not app.error
    w = np.float32(atlas.weights(0).W_in[:, 2])
    vectors = atlas.embedder(0)("whitened", np.float32(atlas.neuron_inputs(REF)), w).astype(np.float64)
    joins = linkage(vectors, "average", "cosine")
    clusters = fcluster(joins, 0.8, "distance")
    assert sizes(app) == sorted(np.bincount(clusters)[1:].tolist(), reverse=True)
    tree = tree_of(app)
    assert [branch["h"] for branch in tree["branches"]] == pytest.approx(joins[:, 2].tolist(), abs=1e-4)
    assert (tree["default_cut"], tree["cut"], tree["default_names"]) == (0.8, 0.8, ["default", "Default cut"])
    assert url(app) == {"atlas": "planted", **WHITENED, "feature": "1"}
    assert app.selectbox(key="_embedding").value == "whitened"
    assert f"{clusters.max()} features at cut 0.8 · " in captions_and_helps(app)


def test_own_embedding_is_the_default_and_not_in_the_address(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **QUERY, embedding="neuron")
    assert not app.error
    assert url(app) == {"atlas": "planted", **QUERY}
    assert tree_of(app)["default_names"] == ["atlas", "Atlas’s cut"]


def test_choice_keeps_the_neuron_and_drops_cut_and_feature(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **QUERY, feature="1", cut="0.3", sort="near")
    app.selectbox(key="_embedding").set_value("pre_mlp").run()
    assert url(app) == {"atlas": "planted", **QUERY, "embedding": "pre_mlp", "sort": "near"}
    next(each for each in app.button if each.label == "Next").click().run()
    assert url(app) == {"atlas": "planted", "layer": "0", "neuron": "3", "embedding": "pre_mlp", "sort": "near"}


@pytest.mark.parametrize("value", ["standardized", "", "<b>", "centred"])
def test_invalid_embedding_is_one_line(value, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **QUERY, embedding=value)
    (error,) = (words(each.value) for each in app.error)
    assert (
        error
        == f"embedding={value}: the embeddings are neuron, pre_mlp, whitened, token_half, token_fifth or token_free"
    )
    assert sizes(app) == [6, 5, 4, 3]


def test_atlas_without_inputs_offers_the_stored_trees_only(two_trees_atlas, monkeypatch):
    app = open_app(two_trees_atlas.parent, "neuron", monkeypatch, **QUERY, embedding="pre_mlp")
    assert not app.error
    stored = neuron_in(Atlas.open(two_trees_atlas), REF, "pre_mlp")
    assert [branch["h"] for branch in tree_of(app)["branches"]] == pytest.approx(stored.tree[:, 2].tolist())
    assert "Further embeddings are not offered: this atlas holds no inputs" in words(captions_and_helps(app))
    assert "--inputs yes" in words(captions_and_helps(app))
    app = open_app(two_trees_atlas.parent, "neuron", monkeypatch, **WHITENED)
    assert "this atlas holds no inputs" in words(app.error[0].value)
    assert sizes(app) == [6, 5, 4, 3]


def test_atlas_with_one_embedding_has_the_choice_disabled(two_trees_atlas, monkeypatch):
    monkeypatch.setattr("ne_core.queries.in_embedding.is_stored", lambda manifest, embedding: False)
    app = open_app(two_trees_atlas.parent, "neuron", monkeypatch, **QUERY)
    assert app.selectbox(key="_embedding").disabled
    assert "build it with --inputs yes" in words(captions_and_helps(app))


def test_view_checks_each_embedding_once(tiny_atlas, monkeypatch):
    checked = []
    monkeypatch.setattr(in_embedding, "reason_unavailable", lambda atlas, ref, name: checked.append(name))
    open_app(tiny_atlas.parent, "neuron", monkeypatch, **QUERY)
    assert sorted(checked) == ["neuron", *sorted(in_embedding.OTHERS[1:])]


def test_links_within_the_neuron_carry_the_embedding_and_those_to_stored_features_do_not(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **WHITENED, cut="0.4")
    assert all(query_of(row["href"])["embedding"] == "whitened" for row in rows_of(app, "Features of"))
    assert "&embedding=whitened" in tree_of(app)["query"]
    curve = next(each for each in payloads(app) if each.get("label") == "Number of features by cut.")
    assert all(query_of(bar["href"])["embedding"] == "whitened" for bar in curve["bars"])
    bookmark = next(each["bookmark"] for each in payloads(app) if "bookmark" in each)
    assert (bookmark["embedding"], bookmark["cut"]) == ("whitened", 0.4)
    judged = next(each["judged"] for each in payloads(app) if each.get("judged"))
    assert (judged["embedding"], judged["cut"]) == ("whitened", 0.4)
    similar = rows_of(app, "Features similar")
    assert similar
    assert not any("embedding" in query_of(row["href"]) for row in similar)


def test_page_says_what_stays_with_the_own_embedding(atlas, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **WHITENED)
    text = words(captions_and_helps(app))
    assert "Similar features, the comparison with chance, and all other pages are of the atlas’s own" in text
    assert "The comparison with chance is stored for the atlas’s embedding only: Neuron embedding, x ⊙ w." in text
    rows = neuron_in(atlas, REF, "whitened").feature == 0
    holder = np.bincount(atlas.neuron(REF).feature[rows]).argmax()
    assert any(each.get("label", "").startswith(f"Features similar to feature {holder} of") for each in payloads(app))


def test_distances_to_the_centre_are_those_of_the_embedding(atlas, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **WHITENED, sort="near")
    neuron = neuron_in(atlas, REF, "whitened")
    expected = np.sort(neuron.center_distance[neuron.feature == 0].astype(float))
    lines = next(each["lines"] for each in payloads(app) if "lines" in each)
    assert [line["aside"].split(" · ")[0] for line in lines] == [f"distance {value:.3f}" for value in expected]


def test_exports_say_the_embedding(atlas):
    neuron, view = neuron_in(atlas, REF, "whitened"), View(REF, None, "neuron", 0.4, embedding="whitened")
    assert stem(atlas, neuron, view) == "L0-N2-whitened-cut0.4"
    features, examples = (frame(atlas, REF, embedding="whitened") for frame in (cut_frame, examples_frame))
    assert features["size"].sum() == len(neuron)
    assert adjusted_rand(examples["feature"].to_numpy(), neuron.feature) == 1
    assert examples["center_distance"].to_numpy() == pytest.approx(neuron.center_distance.astype(float), abs=1e-3)
    page = static_page(atlas, REF, embedding="whitened")
    assert "Embedding: Whitened, S^−½ (x − μ) (the atlas’s own is Neuron embedding, x ⊙ w)" in page
    assert "embedding=whitened" in page
    with pytest.raises(KeyError):
        examples_frame(atlas, FeatureRef(0, 2, 99), embedding="whitened")


def test_links_to_side_by_side_have_two_trees_of_this_neuron(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **WHITENED, feature="0")
    chips = next(each["chips"] for each in payloads(app) if each.get("label") == "Side by side")
    queries = [query_of(chip["href"]) for chip in chips]
    assert all(query["a"] == "0.2.0" and query["embedding_a"] == "whitened" for query in queries)
    assert "embedding_b" not in queries[-1]  # the atlas's own
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch, **queries[-1])
    assert not app.error
