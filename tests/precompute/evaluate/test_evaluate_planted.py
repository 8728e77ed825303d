"""Planted neurons: agreement against scikit-learn, correct plantings, spaces that must win or lose."""

import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from jaxtyping import Float, Int
from sklearn.metrics import adjusted_rand_score, roc_auc_score

from ne_core.method.embeddings import Embedder
from ne_core.method.statistics import InputStatistics
from ne_core.method.token_part import token_part
from ne_core.method.trees.cluster import cut, similarities, tree
from precompute.__main__ import main
from precompute.evaluate.planted import counts
from precompute.evaluate.planted.agreement import pairs_auc, rand_along
from precompute.evaluate.planted.cuts import RULES, SUGGESTED, Case
from precompute.evaluate.planted.outcomes import Outcome, calibrated, outcomes
from precompute.evaluate.planted.report import layer_tables, planted_figures, table
from precompute.evaluate.planted.sources import EACH, LEAST, PLANTINGS, Pool
from precompute.evaluate.planted.token_pools import token_pools
from precompute.evaluate.planted.weights import WEIGHTINGS
from tests.support.planted import make_atlas

D, N_TOKENS, PER_TOKEN, N_NEURONS = 24, 12, 30, 40


@pytest.fixture(scope="module")
def pool() -> Pool:
    """Inputs in which every token has a direction, and every pair of it and the token before a smaller one.

    Inputs also have a large component without meaning, and a neuron fires on two tokens.
    """
    rng = np.random.default_rng(0)
    token = np.repeat(np.arange(N_TOKENS), PER_TOKEN)
    previous = np.tile(np.repeat([100, 101], PER_TOKEN // 2), N_TOKENS)
    meanings = np.linalg.qr(rng.standard_normal((D, D)))[0]
    x = meanings[token % D] + 0.5 * np.where(previous == 100, 1, -1)[:, None] * meanings[N_TOKENS + token % 6]
    x = x + 0.1 * rng.standard_normal(x.shape) + 3 * rng.standard_normal((len(x), 1)) * meanings[-1] + 2
    pairs = rng.permutation(list(combinations(range(N_TOKENS), 2)))[:N_NEURONS]
    rows = [np.flatnonzero(np.isin(token, pair)) for pair in pairs]
    W = np.stack([meanings[pair].sum(axis=0) for pair in pairs], axis=1)
    offsets = np.cumsum([0, *map(len, rows)])
    return Pool(x.astype(np.float16), token, previous, np.concatenate(rows), offsets, W.astype(np.float32))


@pytest.fixture(scope="module")
def embedder(pool) -> Embedder:
    x = pool.x.astype(np.float32)
    return Embedder(InputStatistics(x.mean(axis=0), np.cov(x.T).astype(np.float32)))


def random_vectors(seed: int, sizes: list[int]) -> tuple[Float[np.ndarray, "n d"], Int[np.ndarray, " n"]]:
    rng = np.random.default_rng(seed)
    source = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    return rng.standard_normal((len(source), 6)) + 1.5 * np.eye(6)[source], source


@pytest.mark.parametrize("sizes", [[12, 9, 4], [5, 5], [8]])
def test_agreement_matches_scikit_learn(sizes):
    vectors, source = random_vectors(0, sizes)
    cosines = similarities(vectors)
    linkage = tree(cosines)
    rand_by_joins = rand_along(linkage, source)
    for joins in range(len(source)):
        height = linkage[joins - 1, 2] if joins else -1.0
        expected = adjusted_rand_score(source, cut(linkage, float(height)))
        assert rand_by_joins[joins] == pytest.approx(expected, abs=1e-9)
    above = np.triu_indices(len(source), 1)
    same = (source[:, None] == source)[above]
    if same.all():
        assert np.isnan(pairs_auc(cosines, source))
    else:
        assert pairs_auc(cosines, source) == pytest.approx(roc_auc_score(same, cosines[above]))


@pytest.mark.parametrize(("kind", "k"), [("neurons", 3), ("tokens", 4), ("contexts", 2)])
def test_sources_are_correct_and_halves_are_disjoint(pool, kind, k):
    index_of = {x.tobytes(): index for index, x in enumerate(pool.x.astype(np.float32))}
    tokens_by_half = {0: set(), 1: set()}
    for number in range(20):
        planting = PLANTINGS[kind](pool, np.random.default_rng(number), k, number % 2)
        indices = np.array([index_of[x.tobytes()] for x in planting.x])
        assert len(set(indices.tolist())) == len(indices)  # no input twice
        sizes = np.bincount(planting.source)
        assert planting.n_sources == len(sizes) == k
        assert sizes.min() >= LEAST
        assert sizes.max() <= EACH
        if kind == "neurons":
            neurons = [int(np.flatnonzero((w == pool.W_in.T).all(axis=1))[0]) for w in planting.weights.T]
            for source, neuron in enumerate(neurons):
                rows = pool.place[pool.offsets[neuron] : pool.offsets[neuron + 1]]
                assert set(indices[planting.source == source]) <= set(rows.tolist())
            assert {int(pool.halves[neuron]) for neuron in neurons} == {number % 2}
            continue
        of_source = [set(pool.token[indices[planting.source == source]].tolist()) for source in range(k)]
        assert all(len(tokens) == 1 for tokens in of_source)
        assert len(set.union(*of_source)) == (k if kind == "tokens" else 1)
        tokens_by_half[number % 2] |= set.union(*of_source)
        if kind == "contexts":
            before = [set(pool.previous[indices[planting.source == source]].tolist()) for source in range(k)]
            assert sorted(map(tuple, before)) == [(100,), (101,)]
    assert not tokens_by_half[0] & tokens_by_half[1]


def test_too_few_sources_give_no_planting(pool):
    for kind in ("tokens", "contexts"):
        assert PLANTINGS[kind](pool, np.random.default_rng(0), N_TOKENS + 1, 0) is None


def test_whitening_ignores_a_large_component_without_meaning(pool, embedder):
    """A direction of high variance without meaning dominates the cosines of x; meanings were planted."""
    by_space = outcomes(pool, embedder, "tokens", 20, ["pre_mlp", "neuron", "whitened", "conditional"])
    best = {
        space: np.mean([each.rand.max() for each in plantings if each.n_sources > 1])
        for space, plantings in by_space.items()
    }
    assert min(best["whitened"], best["conditional"]) > 0.9
    assert best["pre_mlp"] < 0.7


def test_without_the_part_of_their_token_inputs_separate_contexts_and_not_tokens(pool, embedder):
    """The less is kept of the part that a token explains, the less tokens are separated, and the more contexts."""
    s = embedder.standardised(pool.x.astype(np.float32))
    part = token_part([(s, pool.token)], np.arange(N_TOKENS), D, 200)
    pools = {"standardised": replace(pool, x=s)} | dict(token_pools(pool, part, embedder))
    auc = {
        (name, kind): np.nanmean(
            [
                each.auc
                for each in outcomes(one, embedder, kind, 10 if kind == "contexts" else 20, ["pre_mlp"])["pre_mlp"]
            ]
        )
        for name, one in pools.items()
        for kind in ("tokens", "contexts")
    }
    spaces = ["standardised", "token_half", "token_fifth", "token_free"]
    tokens, contexts = ([auc[name, kind] for name in spaces] for kind in ("tokens", "contexts"))
    assert tokens == sorted(tokens, reverse=True)
    assert tokens[0] > 0.7
    assert abs(tokens[-1] - 0.5) < 0.05
    assert contexts == sorted(contexts)
    (one,) = outcomes(pools["token_free"], embedder, "tokens", 1, ["pre_mlp"], usual=0.4)["pre_mlp"]
    assert one.cuts["usual cut"] == 0.4


def test_suggested_cut_recovers_planted_counts(pool, embedder):
    plantings = outcomes(pool, embedder, "tokens", 20, ["conditional"])["conditional"]
    assert {each.n_sources for each in plantings} == {1, 2, 3, 4, 5}
    count_errors = counts.errors(plantings, SUGGESTED)
    assert np.abs(count_errors).mean() < 0.6  # two contexts of a token, which were planted too, may be split
    widest_gap_errors = counts.errors(plantings, "widest gap")  # a rule that never suggests one feature
    assert np.abs(count_errors).mean() < np.abs(widest_gap_errors).mean()


def test_tables_show_means_over_plantings(pool, embedder):
    """Check all measures, over all layers and by layer; gains over the reference are paired."""
    layers = {0: outcomes(pool, embedder, "tokens", 10, ["neuron", "conditional"])}
    several = [each for each in layers[0]["conditional"] if each.n_sources > 1]
    best, auc = np.mean([each.rand.max() for each in several]), np.mean([each.auc for each in several])
    lines = table(layers, ["neuron", "conditional"]).splitlines()
    assert f"{auc:.3f} [" in lines[2]
    assert f"{best:.3f} [" in lines[2]
    by_layer = layer_tables(layers, ["neuron", "conditional"])
    assert by_layer.count("layer 0") == 5
    assert f"{best:.2f} [" in by_layer
    figures = {each.name: each.value for each in planted_figures("x", "tokens", layers, ["neuron", "conditional"])}
    assert figures["planted_tokens_best_conditional_x"] == pytest.approx(best)
    gain = figures["planted_tokens_calibrated_conditional_x"] - figures["planted_tokens_calibrated_neuron_x"]
    assert figures["planted_tokens_over_neuron_conditional_x"] == pytest.approx(gain)


def test_random_labels_have_rand_index_0(pool, embedder):
    planting = PLANTINGS["tokens"](pool, np.random.default_rng(0), 4, 0)
    linkage = tree(similarities(embedder("conditional", planting.x, WEIGHTINGS["unit"](planting.weights))))
    rng = np.random.default_rng(0)
    by_chance = [rand_along(linkage, rng.permutation(planting.source))[-5] for _ in range(50)]
    assert abs(np.mean(by_chance)) < 0.03


def test_weights_of_a_planted_neuron():
    weights = np.array([[3.0, 0.0], [4.0, 2.0], [0.0, 0.0]], dtype=np.float32)
    np.testing.assert_allclose(WEIGHTINGS["unit"](weights), [0.6, 1.8, 0])
    np.testing.assert_allclose(WEIGHTINGS["raw"](weights), [3, 6, 0])
    np.testing.assert_allclose(WEIGHTINGS["one"](weights), [3, 4, 0])
    assert np.array_equal(WEIGHTINGS["normal"](weights), WEIGHTINGS["normal"](weights.copy()))


def test_calibrated_cut_comes_from_the_other_half():
    heights = np.array([0.2, 0.6])
    good_low = Outcome(0, 2, 1.0, heights, np.array([0.0, 1.0, 0.0]), {})
    good_high = Outcome(1, 2, 1.0, heights, np.array([0.0, 0.0, 1.0]), {})
    assert calibrated([good_low, good_high]) == {0: pytest.approx(0.6), 1: pytest.approx(0.2)}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_finds_separated_clusters(rule):
    rng = np.random.default_rng(0)
    source = np.repeat(np.arange(3), 12)
    vectors = np.eye(8)[source] + 0.05 * rng.standard_normal((36, 8))
    cosines = similarities(vectors)
    background_distances = 1 - similarities(np.concatenate([vectors, rng.standard_normal((60, 8))]))[:36, 36:]
    case = Case(vectors, cosines, tree(cosines), background_distances)
    assert cut(case.tree, RULES[rule](case)).max() == 2


def test_command_line(tiny_atlas, tmp_path, capsys):
    """The planted atlas has too few examples for most plantings, and the report says so."""
    docs = tmp_path / "docs"
    arguments = ["evaluate", str(tiny_atlas), "--only", "planted", "counts", "--quick", "--docs", str(docs)]
    assert main([*arguments, "--json", str(tmp_path / "figures.json")]) == 0
    printed = capsys.readouterr().out
    assert "no layer has enough of them" in printed
    page = (docs / "evaluation-planted.md").read_text()
    assert f"python -m precompute evaluate {tiny_atlas} --only planted counts --quick" in page
    assert json.loads((tmp_path / "figures.json").read_text()).keys() == {"planted", "counts"}


def test_atlas_without_inputs_gives_one_line(tmp_path, capsys):
    light = make_atlas(tmp_path / "light", inputs=False)
    assert main(["evaluate", str(light), "--only", "planted"]) == 2
    assert "build it again with --inputs yes" in capsys.readouterr().err
