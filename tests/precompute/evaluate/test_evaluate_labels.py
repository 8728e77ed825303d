"""Agreement of features with labels: by hand, against scikit-learn, and on the planted atlas."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.queries import duplicates
from ne_core.refs import NeuronRef
from precompute.evaluate import Options, applicable_parts
from precompute.evaluate.labels import measure
from precompute.evaluate.labels.embeddings import SHUFFLED, LayerEmbeddings, embedding_names
from precompute.evaluate.labels.evaluate import evaluate_labels
from precompute.evaluate.labels.measure import (
    KEY,
    OF_A_WORD,
    Examples,
    agreement,
    within_words,
)
from precompute.evaluate.planted.agreement import pairs_auc

N = 2 * OF_A_WORD
HALVES = np.repeat([0, 1], OF_A_WORD)


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def test_features_that_are_the_labels_agree_with_them_within_a_word():
    examples = Examples(labels=HALVES, words=np.zeros(N, dtype=int), n_features=2)
    assert within_words(HALVES, examples) == pytest.approx(1)
    assert within_words(np.arange(N) % 2, examples) == pytest.approx(0, abs=0.2)


def test_features_that_are_the_words_say_nothing_within_a_word():
    examples = Examples(labels=np.arange(N) % 2, words=HALVES, n_features=2)
    assert within_words(HALVES, examples) == 0
    assert agreement(HALVES, examples, None)[1] == pytest.approx(1)


def test_words_that_are_rare_or_of_one_label_are_not_measured():
    rare = Examples(labels=np.arange(N) % 2, words=np.arange(N), n_features=2)
    one_label = Examples(labels=HALVES, words=HALVES, n_features=2)
    assert np.isnan(within_words(HALVES, rare))
    assert np.isnan(within_words(HALVES, one_label))


def test_order_of_pairs_is_the_area_under_the_curve():
    rng = np.random.default_rng(0)
    features, alike = rng.integers(0, 3, 12), rng.random((12, 12)).round(1)
    above = np.triu_indices(12, 1)
    same = features[above[0]] == features[above[1]]
    assert pairs_auc(alike, features) == pytest.approx(roc_auc_score(same, alike[above]))
    assert np.isnan(pairs_auc(alike, np.zeros(12, dtype=int)))


def test_embeddings_are_those_of_the_atlas_and_of_changed_weights(atlas):
    ref = NeuronRef(2, 0)
    rows = np.arange(len(atlas.neuron(ref)))
    spaces = dict(LayerEmbeddings(atlas, 2).of(0, rows))
    x, w = atlas.neuron_inputs(ref).astype(np.float32), np.asarray(atlas.weights(2).W_in[:, 0], dtype=np.float32)
    assert list(spaces) == embedding_names(atlas)
    np.testing.assert_allclose(spaces["neuron"], x * w, rtol=1e-5)
    np.testing.assert_allclose(np.sort(spaces[SHUFFLED][0] / x[0]), np.sort(w), rtol=1e-3)
    assert not np.allclose(spaces[SHUFFLED], spaces["neuron"])
    assert not np.allclose(spaces["token_free"], spaces["token_half"])


def test_near_duplicates_count_once(atlas, monkeypatch):
    monkeypatch.setattr(duplicates, "endings", lambda *_: ["same", "other", "same"])
    assert measure.distinct_rows(atlas, atlas.neuron(NeuronRef(0, 0))).tolist() == [0, 1]


def test_planted_features_are_their_key_tokens(atlas, monkeypatch):
    monkeypatch.setattr(measure, "LEAST", 4)
    monkeypatch.setattr(duplicates, "endings", lambda _, neuron, rows: list(map(str, rows)))  # the texts are alike
    report = evaluate_labels(atlas)
    figures = {figure.name: figure.value for figure in report.figures}
    name = atlas.root.name
    assert figures[f"labels_words_of_{KEY.replace(' ', '_')}_{name}"] == pytest.approx(1)
    assert figures[f"labels_words_of_neuron_{name}"] == pytest.approx(1)
    assert "labels" in applicable_parts(atlas, Options())


def test_atlas_without_sources_is_refused(atlas):
    without = replace(atlas, documents=None)
    assert "labels" not in applicable_parts(without, Options())
    with pytest.raises(AtlasError, match="holds no sources of its texts"):
        evaluate_labels(without)
