"""A synthetic atlas has the planted features, similar features and texts; it verifies and is reproducible."""

from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.verify import verify
from ne_core.method.similar import nearest
from ne_core.method.trees.cluster import unit
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from precompute.synthetic.concepts import concepts
from precompute.synthetic.corpus import NO_CONCEPT, corpus
from precompute.synthetic.layer import plant_layer
from precompute.synthetic.make import synthetic
from precompute.synthetic.neurons import heavy_neurons
from precompute.synthetic.settings import Settings
from precompute.synthetic.words import vocabulary

SMALL = Settings(layers=3, neurons=60, rows=4_000, examples=300, context=128, vocab=2_000, concepts=60)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("synthetic") / "atlas"
    synthetic(SMALL, out)
    return out


@pytest.fixture(scope="module")
def atlas(directory):
    return Atlas.open(directory)


@pytest.fixture(scope="module")
def truth():
    """Return the bank, the texts and the layers, planted again with the same seed."""
    rng = np.random.default_rng([SMALL.seed, 0])
    vocabulary(SMALL.vocab, rng)
    bank = concepts(SMALL, rng)
    texts = corpus(SMALL, bank, rng)
    return bank, texts, [plant_layer(SMALL, bank, texts, layer) for layer in range(SMALL.layers)]


@pytest.fixture(scope="module")
def central(atlas, truth):
    """Return x and the neuron embedding of each feature's central example, its planted concept and family."""
    x, embeddings, concept, family = [], [], [], []
    for layer in truth[2]:
        in_layer = atlas.features["layer"] == layer.rows.layer
        neuron = atlas.features["neuron"][in_layer]
        rows = layer.rows.offsets[neuron] + atlas.features["central"][in_layer]
        x.append(layer.rows.x[layer.rows.x_row[rows]].astype(np.float32))
        embeddings.append(x[-1] * layer.rows.weights.W_in.T[neuron])
        concept.append(layer.concept[rows])
        family.append(layer.family[rows])
    return {"pre_mlp": np.concatenate(x), "neuron": np.concatenate(embeddings)}, *map(np.concatenate, (concept, family))


def test_synthetic_atlas_verifies(directory):
    assert list(verify(directory)) == []


def test_synthetic_atlas_has_the_requested_size(atlas):
    assert [atlas.n_neurons(layer) for layer in atlas.layers] == [60, 60, 60]
    assert 0.9 * SMALL.rows < atlas.neurons["n_examples"].sum() < 1.1 * SMALL.rows


def test_features_match_the_planted_concepts(atlas, truth):
    """Check that rows of one neuron share a feature exactly if they share a concept; rows without one are alone."""
    for layer in truth[2]:
        for number in range(SMALL.neurons):
            concept = layer.concept[layer.rows.offsets[number] : layer.rows.offsets[number + 1]]
            single = -1 - np.arange(len(concept))
            expected = np.where(concept == NO_CONCEPT, single, concept)
            feature = atlas.neuron(NeuronRef(layer.rows.layer, number)).feature
            assert np.array_equal(feature[:, None] == feature, expected[:, None] == expected)


def test_neurons_have_several_concepts_or_are_dead(atlas, truth):
    n_concepts = set()
    for layer in truth[2]:
        has_concept = layer.concept != NO_CONCEPT
        pairs = np.unique(np.stack([layer.rows.neuron, layer.concept], axis=1)[has_concept], axis=0)
        n_concepts |= set(np.bincount(pairs[:, 0]).tolist())
    assert {1, 2, 3, 4} < n_concepts
    assert (atlas.neurons["n_examples"] == 0).any()


def test_heavy_neurons_have_the_most_examples(atlas):
    for layer, neuron in heavy_neurons(SMALL).items():
        counts = atlas.neurons["n_examples"][atlas.neurons["layer"] == layer]
        assert counts.argmax() == neuron


def test_similar_features_match_a_full_search(atlas, central):
    """Compare the search within a family with a search of all features."""
    vectors, *_ = central
    owner = atlas.features["layer"].astype(int) * SMALL.neurons + atlas.features["neuron"]
    exact = nearest(vectors["pre_mlp"], owner, 20)
    ids, cosines = atlas.features["similar_pre_mlp"], atlas.features["cosine_pre_mlp"]
    exists = ids >= 0
    assert exists.mean() > 0.95
    assert np.allclose(cosines[exists], exact.cosines[exists], atol=2e-3)


@pytest.mark.parametrize("space", ["pre_mlp", "neuron"])
def test_cosines_match_central_examples(space, atlas, central):
    vectors, _, family = central
    vectors = unit(vectors[space])
    ids, cosines = atlas.features[f"similar_{space}"], atlas.features[f"cosine_{space}"]
    feature, column = np.nonzero(ids >= 0)
    other = ids[feature, column]
    assert np.allclose(np.einsum("rd,rd->r", vectors[feature], vectors[other]), cosines[feature, column], atol=2e-3)
    assert np.array_equal(family[feature], family[other])


def test_most_similar_feature_has_the_same_concept(atlas, central):
    _, concept, _ = central
    best = atlas.features["similar_pre_mlp"][:, 0]
    several = (concept != NO_CONCEPT) & (np.bincount(concept + 1)[concept + 1] > 8) & (best >= 0)
    assert several.sum() > 200
    assert (concept[best[several]] == concept[several]).mean() > 0.99


def test_key_tokens_are_those_of_the_concept(atlas, truth, central):
    bank, (_, concept, _) = truth[0], central
    planted_here = concept != NO_CONCEPT
    first = atlas.features["key_tokens"][planted_here, :1]
    assert (bank.keys[concept[planted_here]] == first).any(axis=1).all()


def test_logit_effects_raise_key_tokens_of_concepts(atlas, truth):
    bank, _, layers = truth
    for layer in layers:
        neuron = int(np.diff(layer.rows.offsets).argmax())
        here = layer.concept[layer.rows.neuron == neuron]
        main = np.bincount(here[here != NO_CONCEPT]).argmax()
        effects = atlas.logit_effects(NeuronRef(layer.rows.layer, neuron))
        assert bank.keys[main, 0] in [token for token, _ in effects.raised]
        values = [[effect for _, effect in each] for each in (effects.raised, effects.lowered)]
        assert values[0] == sorted(values[0], reverse=True)
        assert values[1] == sorted(values[1])


def test_concept_occurs_once_per_example(truth):
    _, texts, _ = truth
    for concept in texts.concept:
        concepts_present = concept[concept != NO_CONCEPT]
        assert len(set(concepts_present.tolist())) == len(concepts_present) > 0


def test_concepts_are_in_their_layers(truth):
    bank, _, layers = truth
    for layer in layers:
        number = layer.rows.layer
        counts = np.bincount(layer.concept[layer.concept != NO_CONCEPT], minlength=len(bank))
        away = (bank.first > number) | (bank.last < number)
        assert away.any()
        assert counts[away].sum() < 0.02 * counts.sum()  # a stray may fall on any


def test_words_are_distinct():
    words = vocabulary(2_000, np.random.default_rng(0))
    assert len(set(words)) == len(words) == 2_000
    assert sum(word.startswith(" ") for word in words) > 1_500


@pytest.mark.slow
def test_bytes_depend_on_the_seed(directory, tmp_path):
    small = ["--layers", "3", "--neurons", "60", "--rows", "4000", "--examples", "300", "--context", "128"]
    small += ["--vocab", "2000", "--concepts", "60"]
    assert main(["synthetic", "--out", str(tmp_path / "again"), *small]) == 0
    assert main(["synthetic", "--out", str(tmp_path / "other"), *small, "--seed", "1"]) == 0
    manifests = [(folder / "manifest.json").read_bytes() for folder in (directory, tmp_path / "again")]
    assert manifests[0] == manifests[1]
    assert Atlas.open(tmp_path / "other").manifest.files != Atlas.open(directory).manifest.files


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--out", "{place}/new", "--neurons", "many"],
        ["--out", "{place}/new", "--layers", "0"],
        ["--out", "{place}/new", "--d-in", "64"],
        ["--out", "{place}/new", "--concepts", "25"],
        ["--out", "{place}/new", "--vocab", "2000"],
        ["--out", "{place}"],
    ],
)
def test_invalid_options_are_one_line(arguments, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("precious")
    command = ["synthetic", *(text.replace("{place}", str(tmp_path)) for text in arguments)]
    try:
        code = main(command)
    except SystemExit as stopped:
        code = stopped.code
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert (tmp_path / "thesis.txt").read_text() == "precious"
