"""Trees, cuts and central examples against scipy, brute force, and clusters that were planted."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import average, fcluster, is_valid_linkage
from scipy.spatial.distance import pdist

from ne_core.method.trees.cluster import (
    center_distances,
    central_examples,
    cluster,
    cut,
    first_members,
    members,
    merge_central,
    ranks,
    similarities,
    tree,
    unit,
)
from ne_core.method.trees.linkage import light_tree

SEEDS, SIZES, CUTS = range(4), (2, 3, 7, 40), (0.0, 0.1, 0.4, 0.8, 1.0, 2.0)


def points(n: int, seed: int, d: int = 5) -> np.ndarray:
    """Return embeddings around a few directions, so that trees have structure."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(4, d))[rng.integers(4, size=n)] + 0.5 * rng.normal(size=(n, d))


def same_partition(a: np.ndarray, b: np.ndarray) -> bool:
    return np.array_equal(a[:, None] == a[None, :], b[:, None] == b[None, :])


def members_by_hand(linkage: np.ndarray) -> list[list[int]]:
    """Examples below every node, leaves first."""
    below = [[i] for i in range(len(linkage) + 1)]
    for left, right in linkage[:, :2].astype(int):
        below.append(sorted(below[left] + below[right]))
    return below


def most_central(cosines: np.ndarray, rows: list[int]) -> int:
    inside = np.where(np.eye(len(rows)), 0, cosines[np.ix_(rows, rows)]).sum(axis=1)
    return rows[int(inside.argmax())]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", SIZES)
def test_tree_matches_scipy_on_the_embeddings(n: int, seed: int):
    embeddings = points(n, seed)
    ours, theirs = tree(similarities(embeddings)), average(pdist(embeddings, "cosine"))
    assert is_valid_linkage(ours.astype(np.float64))
    np.testing.assert_allclose(ours[:, 2], theirs[:, 2], atol=1e-6)
    np.testing.assert_array_equal(ours[:, [0, 1, 3]], theirs[:, [0, 1, 3]])


@pytest.mark.parametrize("rounded", [False, True], ids=["apart", "ties"])
@pytest.mark.parametrize("seed", range(20))
def test_light_tree_has_the_same_bytes(seed: int, rounded: bool):
    """Compare with many equal distances too, where the order of joins is a convention."""
    embeddings = points(3 * seed, seed, d=2 if rounded else 5)
    cosines = similarities(np.round(embeddings) if rounded else embeddings)
    assert light_tree(cosines).tobytes() == tree(cosines).tobytes()


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_examples_have_no_branch_points(n: int):
    assert tree(np.ones((n, n))).shape == (0, 4)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("distance", CUTS)
def test_cut_matches_scipy_numbered_by_size(n: int, seed: int, distance: float):
    linkage = tree(similarities(points(n, seed)))
    features = cut(linkage, distance)
    assert same_partition(features, fcluster(linkage.astype(np.float64), distance, criterion="distance"))
    sizes = np.bincount(features)
    assert (np.diff(sizes) <= 0).all()
    first = [int(np.flatnonzero(features == f)[0]) for f in range(len(sizes))]
    assert all(first[f] < first[f + 1] for f in range(len(sizes) - 1) if sizes[f] == sizes[f + 1])


def test_cut_by_hand():
    """Join examples 0 and 2 at 0.1, 1 and 3 at 0.2, all at 0.9."""
    linkage = np.array([[0, 2, 0.1, 2], [1, 3, 0.2, 2], [4, 5, 0.9, 4]], dtype=np.float32)
    assert cut(linkage, 0.05).tolist() == [0, 1, 2, 3]
    assert cut(linkage, 0.1).tolist() == [0, 1, 0, 2]
    assert cut(linkage, 0.5).tolist() == [0, 1, 0, 1]
    assert cut(linkage, 1.0).tolist() == [0, 0, 0, 0]


def test_one_example_is_one_feature():
    assert cut(np.zeros((0, 4), dtype=np.float32), 0.5).tolist() == [0]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", SIZES)
def test_central_example_of_every_branch_point(n: int, seed: int):
    cosines = similarities(points(n, seed))
    linkage = tree(cosines)
    expected = [most_central(cosines, rows) for rows in members_by_hand(linkage)[n:]]
    assert merge_central(linkage, cosines).tolist() == expected


@pytest.mark.parametrize("n", SIZES)
def test_members_of_every_branch_point(n: int):
    linkage = tree(similarities(points(n, 0)))
    expected = members_by_hand(linkage)
    assert [np.flatnonzero(row).tolist() for row in members(linkage)] == expected[n:]
    assert all(first in below for first, below in zip(first_members(linkage), expected, strict=True))


@pytest.mark.parametrize("cosine", [1.0, 0.3, -0.7])
def test_central_ties_go_to_the_first_example(cosine: float):
    cosines = np.full((50, 50), cosine, dtype=np.float32)
    linkage = tree(cosines)
    assert merge_central(linkage, cosines).tolist() == [below[0] for below in members_by_hand(linkage)[50:]]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("distance", CUTS)
def test_central_examples_match_brute_force_at_any_cut(seed: int, distance: float):
    cosines = similarities(points(30, seed))
    linkage = tree(cosines)
    features = cut(linkage, distance)
    expected = [most_central(cosines, np.flatnonzero(features == f).tolist()) for f in range(features.max() + 1)]
    assert central_examples(linkage, merge_central(linkage, cosines), distance).tolist() == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_ranks_go_from_the_central_example_outwards(seed: int):
    clustering = cluster(points(30, seed), 0.6)
    cosines = similarities(points(30, seed))
    for feature in range(clustering.feature.max() + 1):
        rows = np.flatnonzero(clustering.feature == feature)
        in_order = rows[np.argsort(clustering.rank[rows])]
        assert sorted(clustering.rank[rows]) == list(range(len(rows)))
        assert in_order[0] == clustering.central[feature]
        means = cosines[np.ix_(in_order, rows)].sum(axis=1) - np.diag(cosines)[in_order]
        assert (np.diff(means) < 1e-5).all()


def test_rank_ties_follow_the_order():
    """Cluster four equal examples: the first is central, and ranks follow the order."""
    cosines = np.ones((4, 4), dtype=np.float32)
    features, central = np.zeros(4, dtype=np.int64), np.array([0])
    assert ranks(cosines, features, central).tolist() == [0, 1, 2, 3]
    assert cluster(np.ones((4, 3), dtype=np.float32), 0.5).central.tolist() == [0]


def test_planted_clusters_are_recovered():
    rng = np.random.default_rng(0)
    truth = rng.permutation(np.repeat([0, 1, 2], [12, 5, 2]))
    embeddings = np.eye(3)[truth] + 0.05 * rng.normal(size=(19, 3))
    assert cluster(embeddings, 0.5).feature.tolist() == truth.tolist()


def test_neuron_without_examples_is_rejected():
    with pytest.raises(ValueError, match="no features"):
        cluster(np.zeros((0, 3), dtype=np.float32), 0.5)


def test_zero_row_is_at_distance_one():
    assert unit(np.zeros((1, 2))).tolist() == [[0, 0]]
    linkage = tree(similarities(np.array([[0.0, 0.0], [1.0, 0.0]])))
    assert linkage[0, 2] == 1


def test_max_distance():
    clustering = cluster(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]), 0.5)
    assert clustering.max_distance == pytest.approx(2)
    assert np.isnan(cluster(np.ones((1, 2)), 0.5).max_distance)


def test_center_distances_by_hand():
    """Two vectors at right angles are 45° from their mean; opposite vectors and zero have no mean direction."""
    embeddings = np.array([[2, 0], [0, 3], [0, -5], [1, 0], [-4, 0], [0, 0]], dtype=np.float32)
    distances = center_distances(similarities(embeddings), np.array([0, 0, 1, 2, 2, 3]))
    np.testing.assert_allclose(distances, [1 - 0.5**0.5, 1 - 0.5**0.5, 0, 1, 1, 1], atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_center_distances_match_mean_directions(seed: int):
    rng = np.random.default_rng(seed)
    embeddings = (rng.normal(size=(30, 6)) + rng.normal(size=6)).astype(np.float32)
    features = rng.integers(4, size=30)
    distances = center_distances(similarities(embeddings), features)
    for i, (embedding, feature) in enumerate(zip(embeddings.astype(float), features, strict=True)):
        mean = np.mean([e / np.linalg.norm(e) for e in embeddings[features == feature].astype(float)], axis=0)
        cosine = embedding @ mean / np.linalg.norm(embedding) / np.linalg.norm(mean)
        assert distances[i] == pytest.approx(1 - cosine, abs=1e-5)
