"""Neurons in other embeddings: in the atlas's own exactly what it stores; elsewhere what scipy computes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from ne_core.atlas import Atlas, Neuron
from ne_core.errors import AtlasError
from ne_core.method.partitions import adjusted_rand
from ne_core.method.token_part import SHARES, SHRINK
from ne_core.queries import in_embedding as module
from ne_core.queries.in_embedding import cut_in, in_embedding, neuron_in, offered, other_rows, reason_unavailable
from ne_core.refs import NeuronRef
from tests.support.hostile import change_array, copy_atlas, set_manifest
from tests.support.planted import CUT, planted_layers

OF_TREE = ("tree", "merge_central", "feature", "center_distance", "suggested_cut", "default_cut", "embedding")
DEMO = Path("data/demo")


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def refs(atlas: Atlas) -> list[NeuronRef]:
    return [NeuronRef(layer, neuron) for layer in atlas.layers for neuron in range(atlas.n_neurons(layer))]


def others_of(atlas: Atlas, ref: NeuronRef) -> np.ndarray:
    return atlas.layer_inputs(ref.layer).x[other_rows(atlas, ref)]


def assert_same_tree(neuron: Neuron, other: Neuron) -> None:
    for name in OF_TREE:
        np.testing.assert_array_equal(getattr(neuron, name), getattr(other, name), name)


def test_own_embedding_gives_exactly_what_the_atlas_stores(atlas):
    """Weights in full precision, as the build has them; an atlas stores their halves."""
    _, layers = planted_layers(np.random.default_rng(0))
    weights = {layer.rows.layer: layer.rows.weights.W_in for layer in layers}
    for ref in refs(atlas):
        stored, w = atlas.neuron(ref), weights[ref.layer][:, ref.neuron]
        embedder = atlas.embedder(ref.layer)
        arguments = (atlas.neuron_inputs(ref), w, embedder, "neuron", others_of(atlas, ref), CUT)
        assert_same_tree(in_embedding(stored, *arguments), stored)


def test_stored_trees_are_those_computed_from_inputs(atlas, two_trees_atlas):
    """Exactly: the embedding x needs no weights."""
    without_inputs = Atlas.open(two_trees_atlas)
    for ref in refs(atlas):
        assert_same_tree(neuron_in(without_inputs, ref, "pre_mlp"), neuron_in(atlas, ref, "pre_mlp"))


@pytest.mark.skipif(not (DEMO / "manifest.json").exists(), reason="the demo atlas is not built")
def test_own_embedding_of_the_demo():
    atlas = Atlas.open(DEMO)
    embedder, cut = atlas.embedder(1), atlas.manifest.default_cut
    for ref in (NeuronRef(1, neuron) for neuron in range(0, 1024, 101)):
        stored, w = atlas.neuron(ref), atlas.weights(1).W_in[:, ref.neuron]
        inputs = (atlas.neuron_inputs(ref), w, embedder, atlas.manifest.embedding, others_of(atlas, ref), cut)
        computed = in_embedding(stored, *inputs)
        np.testing.assert_allclose(computed.tree, stored.tree, atol=1e-5)  # threads round products differently
        assert adjusted_rand(computed.feature, stored.feature) == 1
        assert computed.suggested_cut == stored.suggested_cut


@pytest.mark.parametrize("space", SHARES)
def test_share_of_the_tokens_part_is_kept_in_the_embeddings(space, atlas):
    """The oracle computes the mean input of each token from all rows of the layer, in plain Python."""
    embedder, columns, ref = atlas.embedder(2), atlas.files[2].columns, NeuronRef(2, 3)
    token = atlas.tokens[columns["example"], columns["pos"]].tolist()
    index = atlas.layer_inputs(2).index.tolist()
    s = embedder.standardised(atlas.layer_inputs(2).x)
    rows_of_token = {t: sorted({index[row] for row in range(len(token)) if token[row] == t}) for t in set(token)}
    vectors = []
    for row in range(*atlas.files[2].offsets[3:5].tolist()):
        same = s[rows_of_token[token[row]]]
        vectors.append(s[index[row]] - (1 - SHARES[space]) * same.sum(axis=0) / (len(same) + SHRINK))
    neuron = neuron_in(atlas, ref, space)
    expected = linkage(np.array(vectors, dtype=np.float64), "average", "cosine")
    np.testing.assert_allclose(neuron.tree[:, 2], expected[:, 2], atol=1e-4)
    assert adjusted_rand(neuron.feature, fcluster(expected, neuron.default_cut, "distance") - 1) == 1
    assert neuron.default_cut == cut_in(atlas.manifest, space) == 0.85


@pytest.mark.parametrize("space", ["pre_mlp", "whitened", "standardised"])
@pytest.mark.parametrize("cut", [None, 0.2, 1.0])
def test_features_are_those_of_scipy_on_the_embeddings(space, cut, atlas):
    for ref in (NeuronRef(0, 0), NeuronRef(0, 2), NeuronRef(2, 3)):
        neuron, w = neuron_in(atlas, ref, space), np.float32(atlas.weights(ref.layer).W_in[:, ref.neuron])
        vectors = atlas.embedder(ref.layer)(space, np.float32(atlas.neuron_inputs(ref)), w).astype(np.float64)
        distance = neuron.default_cut if cut is None else cut
        expected = fcluster(linkage(vectors, "average", "cosine"), distance, "distance")
        assert adjusted_rand(neuron.features(distance), expected - 1) == 1
        if cut is None:
            np.testing.assert_array_equal(neuron.feature, neuron.features(distance))


def test_features_in_pre_mlp_are_the_planted_meanings(atlas):
    for ref in (NeuronRef(0, 0), NeuronRef(0, 2), NeuronRef(2, 3)):
        planted = atlas.tokens[atlas.neuron(ref).example, atlas.neuron(ref).pos]
        assert adjusted_rand(neuron_in(atlas, ref, "pre_mlp").feature, np.unique(planted, return_inverse=True)[1]) == 1


def test_rows_stay_and_dead_neurons_stay_dead(atlas):
    for ref in refs(atlas):
        stored, other = atlas.neuron(ref), neuron_in(atlas, ref, "whitened")
        assert (len(other), other.embedding, other.default_cut) == (len(stored), "whitened", 0.8)
        np.testing.assert_array_equal(other.activation, stored.activation)
        assert not len(other) or len(other.center_distance) == len(other) == len(other.tree) + 1


def test_offered_embeddings_have_no_duplicates(atlas):
    manifest = atlas.manifest
    assert offered(manifest) == ("neuron", "pre_mlp", "whitened", *SHARES)
    of_standardised = offered(replace(manifest, embedding="standardised"))
    assert of_standardised == ("standardised", "neuron", "pre_mlp", "whitened", *SHARES)
    assert [cut_in(manifest, name) for name in (None, "neuron", "pre_mlp", "whitened")] == [CUT, CUT, 0.5, 0.8]


def test_images_have_no_tokens_to_take_out(image_atlas):
    manifest = Atlas.open(image_atlas).manifest
    assert not set(offered(manifest)) & set(SHARES)
    assert set(offered(manifest)) > {manifest.embedding}


def test_reasons_name_what_is_missing(atlas, two_trees_atlas, monkeypatch):
    stored = Atlas.open(two_trees_atlas)
    assert reason_unavailable(stored, NeuronRef(0, 0), "pre_mlp") is None
    assert "--inputs yes" in reason_unavailable(stored, NeuronRef(0, 0), "whitened")
    with pytest.raises(AtlasError, match="--inputs yes"):
        neuron_in(stored, NeuronRef(0, 0), "whitened")
    monkeypatch.setattr(module, "MOST", 10)
    assert "17 examples" in reason_unavailable(atlas, NeuronRef(0, 0), "whitened")
    assert reason_unavailable(atlas, NeuronRef(0, 0), "neuron") is None


def test_inputs_without_a_finite_embedding_are_one_line(tiny_atlas, tmp_path):
    root = copy_atlas(tiny_atlas, tmp_path / "atlas")
    change_array(root, "inputs/00.npy", lambda x: np.full_like(x, np.inf))
    with pytest.raises(AtlasError, match="no finite embedding whitened"):
        neuron_in(Atlas.open(root), NeuronRef(0, 0), "whitened")


def test_atlas_of_another_embedding_computes_the_papers(atlas, tiny_atlas, tmp_path):
    root = copy_atlas(tiny_atlas, tmp_path / "atlas")
    set_manifest(root, embedding="standardised")
    paper = neuron_in(Atlas.open(root), NeuronRef(0, 2), "neuron")
    np.testing.assert_allclose(paper.tree, atlas.neuron(NeuronRef(0, 2)).tree, atol=2e-3)  # weights are halves
    assert adjusted_rand(paper.feature, atlas.neuron(NeuronRef(0, 2)).feature) == 1
