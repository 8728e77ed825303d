"""Measures of clusters in a space: against scikit-learn, against all pairs, and by hand."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

from ne_core.method.measures import measures
from ne_core.method.projection import projection
from ne_core.method.separation import ratios, separation
from ne_core.method.trees.cluster import cut, cut_into, largest_first, similarities, tree, unit


@pytest.fixture(params=range(5))
def vectors(request) -> np.ndarray:
    rng = np.random.default_rng(request.param)
    return rng.normal(size=(30, 6)) + 3 * rng.normal(size=(4, 6))[rng.integers(4, size=30)]


def labels(rng, n: int, k: int) -> np.ndarray:
    return largest_first(np.concatenate([np.arange(k), rng.integers(k, size=n - k)]))


@pytest.mark.parametrize("k", [2, 5, 29])
def test_silhouette_matches_scikit_learn(vectors, k):
    clusters = labels(np.random.default_rng(k), len(vectors), k)
    result = separation(similarities(vectors), clusters)
    assert result.silhouette == pytest.approx(silhouette_score(vectors, clusters, metric="cosine"), abs=1e-9)


def test_distances_match_all_pairs(vectors):
    clusters, cosines = labels(np.random.default_rng(0), len(vectors), 4), similarities(vectors)
    pairs = [(i, j) for i in range(len(vectors)) for j in range(i)]
    inside = [1 - cosines[i, j] for i, j in pairs if clusters[i] == clusters[j]]
    between = [1 - cosines[i, j] for i, j in pairs if clusters[i] != clusters[j]]
    result = separation(cosines, clusters)
    assert (result.intra, result.inter) == pytest.approx((np.mean(inside), np.mean(between)))
    assert result.ratio == pytest.approx(np.mean(inside) / np.mean(between))


def test_separation_at_a_cut_matches_the_measures_of_the_tree(vectors):
    cosines = similarities(vectors.astype(np.float32))
    expected, result = measures(tree(cosines), 0.5), separation(cosines, cut(tree(cosines), 0.5))
    assert expected.n_features > 1
    assert (result.intra, result.inter) == pytest.approx((expected.intra_distance, expected.inter_distance), abs=1e-5)


def test_silhouette_by_hand():
    """Two equal examples and one at right angles have 1, 1 and 0, since the third is alone."""
    cosines = np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]])
    result = separation(cosines, np.array([0, 0, 1]))
    assert (result.silhouette, result.intra, result.inter, result.ratio) == (2 / 3, 0, 1, 0)


def test_undefined_measures_are_nan_without_warnings():
    cosines = np.array([[1.0, 0.5], [0.5, 1]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = separation(cosines, np.array([0, 0]))
        each = separation(cosines, np.array([0, 1]))
        same = separation(np.ones((4, 4)), np.array([0, 0, 1, 1]))
    assert np.isnan([one.silhouette, one.inter, one.ratio, each.intra, each.ratio, same.ratio]).all()
    assert (one.intra, each.silhouette, each.inter) == (0.5, 0, 0.5)
    assert (same.silhouette, same.intra, same.inter) == (0, 0, 0)


def test_ratios_of_arrays():
    assert np.array_equal(
        ratios(np.array([1.0, 1, np.nan]), np.array([2.0, 0, 1])), [0.5, np.nan, np.nan], equal_nan=True
    )


def test_cut_into_n_features(vectors):
    linkage = tree(similarities(vectors))
    for k in range(1, len(vectors) + 1):
        features = cut_into(linkage, k)
        assert features.max() + 1 == k
        height = float(linkage[len(linkage) - k, 2]) if k < len(vectors) else 0.0
        assert np.array_equal(features, cut(linkage, height))


def test_cut_into_n_features_at_equal_branch_points():
    """Cut a tree of four examples at right angles, with all branch points at 1."""
    linkage = tree(np.eye(4))
    assert [int(cut_into(linkage, k).max()) + 1 for k in (1, 2, 3, 4)] == [1, 2, 3, 4]
    assert np.array_equal(cut_into(tree(np.ones((1, 1))), 1), [0])


def test_projection_matches_pca_of_unit_vectors(vectors):
    result, oracle = projection(similarities(vectors)), PCA(2).fit(unit(vectors))
    expected = oracle.transform(unit(vectors))
    signs = np.sign((expected * result.places).sum(axis=0))
    np.testing.assert_allclose(result.places, expected * signs, atol=1e-6)
    np.testing.assert_allclose(result.shares, oracle.explained_variance_ratio_, atol=1e-6)
    assert (result.places[np.abs(result.places).argmax(axis=0), [0, 1]] > 0).all()


def test_projection_of_few_or_equal_examples():
    two = projection(np.array([[1.0, 0], [0, 1]]))
    np.testing.assert_allclose(two.places, [[np.sqrt(0.5), 0], [-np.sqrt(0.5), 0]])
    np.testing.assert_allclose(two.shares, [1, 0])
    for cosines in (np.ones((1, 1)), np.ones((5, 5))):
        assert not projection(cosines).places.any()
        assert not projection(cosines).shares.any()
