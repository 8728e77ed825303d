"""A synthetic atlas holds what was planted in it: features, similar features, texts; whole, and the same every time."""

from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.verify import verify
from ne_core.method.cluster import unit
from ne_core.method.similar import nearest
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
    """The bank, the texts and the layers once more, as they were planted."""
    rng = np.random.default_rng([SMALL.seed, 0])
    vocabulary(SMALL.vocab, rng)
    bank = concepts(SMALL, rng)
    texts = corpus(SMALL, bank, rng)
    return bank, texts, [plant_layer(SMALL, bank, texts, layer) for layer in range(SMALL.layers)]


@pytest.fixture(scope="module")
def central(atlas, truth):
    """Of every feature: x of its central example, its neuron embedding, the concept and the family planted there."""
    x, embedded, concept, family = [], [], [], []
    for layer in truth[2]:
        here = atlas.features["layer"] == layer.rows.layer
        neuron = atlas.features["neuron"][here]
        rows = layer.rows.offsets[neuron] + atlas.features["central"][here]
        x.append(layer.rows.x[layer.rows.x_row[rows]].astype(np.float32))
        embedded.append(x[-1] * layer.rows.weights.W_in.T[neuron])
        concept.append(layer.concept[rows])
        family.append(layer.family[rows])
    return {"pre_mlp": np.concatenate(x), "neuron": np.concatenate(embedded)}, *map(np.concatenate, (concept, family))


def test_it_is_whole(directory):
    assert list(verify(directory)) == []


def test_it_has_the_size_that_was_asked_for(atlas):
    assert [atlas.n_neurons(layer) for layer in atlas.layers] == [60, 60, 60]
    assert 0.9 * SMALL.rows < atlas.neurons["n_examples"].sum() < 1.1 * SMALL.rows


def test_features_are_the_planted_concepts(atlas, truth):
    """Rows of one neuron share a feature exactly where they share a concept; where none stands, each is alone."""
    for layer in truth[2]:
        for number in range(SMALL.neurons):
            concept = layer.concept[layer.rows.offsets[number] : layer.rows.offsets[number + 1]]
            alone = -1 - np.arange(len(concept))
            meaning = np.where(concept == NO_CONCEPT, alone, concept)
            feature = atlas.neuron(NeuronRef(layer.rows.layer, number)).feature
            assert np.array_equal(feature[:, None] == feature, meaning[:, None] == meaning)


def test_neurons_mix_up_to_eight_concepts_and_some_are_dead(atlas, truth):
    mixed = set()
    for layer in truth[2]:
        there = layer.concept != NO_CONCEPT
        pairs = np.unique(np.stack([layer.rows.neuron, layer.concept], axis=1)[there], axis=0)
        mixed |= set(np.bincount(pairs[:, 0]).tolist())
    assert {1, 2, 3, 4} < mixed
    assert (atlas.neurons["n_examples"] == 0).any()


def test_heavy_neurons_are_where_they_are_said_to_be(atlas):
    for layer, neuron in heavy_neurons(SMALL).items():
        counts = atlas.neurons["n_examples"][atlas.neurons["layer"] == layer]
        assert counts.argmax() == neuron


def test_similar_features_are_the_nearest_by_x(atlas, central):
    """Searched within a family, against a search of all."""
    vectors, *_ = central
    owner = atlas.features["layer"].astype(int) * SMALL.neurons + atlas.features["neuron"]
    exact = nearest(vectors["pre_mlp"], owner, 20)
    ids, cosines = atlas.features["similar_pre_mlp"], atlas.features["cosine_pre_mlp"]
    found = ids >= 0
    assert found.mean() > 0.95
    assert np.allclose(cosines[found], exact.cosines[found], atol=2e-3)


@pytest.mark.parametrize("space", ["pre_mlp", "neuron"])
def test_cosines_are_those_of_central_examples(space, atlas, central):
    vectors, _, family = central
    vectors = unit(vectors[space])
    ids, cosines = atlas.features[f"similar_{space}"], atlas.features[f"cosine_{space}"]
    own, place = np.nonzero(ids >= 0)
    other = ids[own, place]
    assert np.allclose(np.einsum("rd,rd->r", vectors[own], vectors[other]), cosines[own, place], atol=2e-3)
    assert np.array_equal(family[own], family[other])


def test_the_most_similar_feature_is_of_the_same_concept(atlas, central):
    _, concept, _ = central
    best = atlas.features["similar_pre_mlp"][:, 0]
    several = (concept != NO_CONCEPT) & (np.bincount(concept + 1)[concept + 1] > 8) & (best >= 0)
    assert several.sum() > 200
    assert (concept[best[several]] == concept[several]).mean() > 0.99


def test_a_concept_is_named_by_its_words(atlas, truth, central):
    bank, (_, concept, _) = truth[0], central
    planted_here = concept != NO_CONCEPT
    first = atlas.features["key_tokens"][planted_here, :1]
    assert (bank.keys[concept[planted_here]] == first).any(axis=1).all()


def test_a_neuron_raises_the_key_tokens_of_its_concepts(atlas, truth):
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


def test_a_concept_turns_up_once_in_an_example(truth):
    _, texts, _ = truth
    for concept in texts.concept:
        there = concept[concept != NO_CONCEPT]
        assert len(set(there.tolist())) == len(there) > 0


def test_concepts_stay_in_their_layers(truth):
    bank, _, layers = truth
    for layer in layers:
        number = layer.rows.layer
        counts = np.bincount(layer.concept[layer.concept != NO_CONCEPT], minlength=len(bank))
        away = (bank.first > number) | (bank.last < number)
        assert away.any()
        assert counts[away].sum() < 0.02 * counts.sum()  # a stray may fall on any


def test_words_differ_and_can_be_read():
    words = vocabulary(2_000, np.random.default_rng(0))
    assert len(set(words)) == len(words) == 2_000
    assert sum(word.startswith(" ") for word in words) > 1_500


@pytest.mark.slow
def test_the_same_seed_makes_the_same_bytes_and_another_does_not(directory, tmp_path):
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
def test_bad_options_are_one_line(arguments, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("precious")
    given = ["synthetic", *(text.replace("{place}", str(tmp_path)) for text in arguments)]
    try:
        code = main(given)
    except SystemExit as stopped:
        code = stopped.code
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert (tmp_path / "thesis.txt").read_text() == "precious"
