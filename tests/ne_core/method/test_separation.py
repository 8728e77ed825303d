"""Measures of a clustering in a space: against scikit-learn, against pairs counted one by one, and by hand."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

from ne_core.method.cluster import cut, cut_into, largest_first, similarities, tree, unit
from ne_core.method.measures import measures
from ne_core.method.projection import projection
from ne_core.method.separation import ratios, separation


@pytest.fixture(params=range(5))
def vectors(request) -> np.ndarray:
    rng = np.random.default_rng(request.param)
    return rng.normal(size=(30, 6)) + 3 * rng.normal(size=(4, 6))[rng.integers(4, size=30)]


def labels(rng, n: int, k: int) -> np.ndarray:
    return largest_first(np.concatenate([np.arange(k), rng.integers(k, size=n - k)]))


@pytest.mark.parametrize("k", [2, 5, 29])
def test_silhouette_is_scikit_learns(vectors, k):
    clusters = labels(np.random.default_rng(k), len(vectors), k)
    found = separation(similarities(vectors), clusters)
    assert found.silhouette == pytest.approx(silhouette_score(vectors, clusters, metric="cosine"), abs=1e-9)


def test_distances_are_those_of_pairs(vectors):
    clusters, cosines = labels(np.random.default_rng(0), len(vectors), 4), similarities(vectors)
    pairs = [(i, j) for i in range(len(vectors)) for j in range(i)]
    inside = [1 - cosines[i, j] for i, j in pairs if clusters[i] == clusters[j]]
    between = [1 - cosines[i, j] for i, j in pairs if clusters[i] != clusters[j]]
    found = separation(cosines, clusters)
    assert (found.intra, found.inter) == pytest.approx((np.mean(inside), np.mean(between)))
    assert found.ratio == pytest.approx(np.mean(inside) / np.mean(between))


def test_of_its_own_tree_they_are_the_measures_read_off_it(vectors):
    cosines = similarities(vectors.astype(np.float32))
    told, found = measures(tree(cosines), 0.5), separation(cosines, cut(tree(cosines), 0.5))
    assert told.n_features > 1
    assert (found.intra, found.inter) == pytest.approx((told.intra_distance, told.inter_distance), abs=1e-5)


def test_by_hand():
    """Two at one place and one at right angles: 1, 1 and 0, since the third is alone."""
    cosines = np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]])
    found = separation(cosines, np.array([0, 0, 1]))
    assert (found.silhouette, found.intra, found.inter, found.ratio) == (2 / 3, 0, 1, 0)


def test_what_cannot_be_measured_is_not_a_number_and_says_nothing_else():
    cosines = np.array([[1.0, 0.5], [0.5, 1]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = separation(cosines, np.array([0, 0]))
        each = separation(cosines, np.array([0, 1]))
        same = separation(np.ones((4, 4)), np.array([0, 0, 1, 1]))
    assert np.isnan([one.silhouette, one.inter, one.ratio, each.intra, each.ratio, same.ratio]).all()
    assert (one.intra, each.silhouette, each.inter) == (0.5, 0, 0.5)
    assert (same.silhouette, same.intra, same.inter) == (0, 0, 0)


def test_ratios_of_many():
    assert np.array_equal(
        ratios(np.array([1.0, 1, np.nan]), np.array([2.0, 0, 1])), [0.5, np.nan, np.nan], equal_nan=True
    )


def test_a_tree_is_cut_into_as_many_features_as_asked(vectors):
    linkage = tree(similarities(vectors))
    for k in range(1, len(vectors) + 1):
        features = cut_into(linkage, k)
        assert features.max() + 1 == k
        height = float(linkage[len(linkage) - k, 2]) if k < len(vectors) else 0.0
        assert np.array_equal(features, cut(linkage, height))


def test_equal_branch_points_are_cut_in_order():
    """Four examples at right angles: all branch points stand at 1, and two or three features can be had."""
    linkage = tree(np.eye(4))
    assert [int(cut_into(linkage, k).max()) + 1 for k in (1, 2, 3, 4)] == [1, 2, 3, 4]
    assert np.array_equal(cut_into(tree(np.ones((1, 1))), 1), [0])


def test_projection_is_principal_components_of_unit_vectors(vectors):
    found, oracle = projection(similarities(vectors)), PCA(2).fit(unit(vectors))
    places = oracle.transform(unit(vectors))
    signs = np.sign((places * found.places).sum(axis=0))
    np.testing.assert_allclose(found.places, places * signs, atol=1e-6)
    np.testing.assert_allclose(found.shares, oracle.explained_variance_ratio_, atol=1e-6)
    assert (found.places[np.abs(found.places).argmax(axis=0), [0, 1]] > 0).all()


def test_projection_of_hardly_anything():
    two = projection(np.array([[1.0, 0], [0, 1]]))
    np.testing.assert_allclose(two.places, [[np.sqrt(0.5), 0], [-np.sqrt(0.5), 0]])
    np.testing.assert_allclose(two.shares, [1, 0])
    for cosines in (np.ones((1, 1)), np.ones((5, 5))):
        assert not projection(cosines).places.any()
        assert not projection(cosines).shares.any()
