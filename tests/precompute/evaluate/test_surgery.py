"""Meaning surgery: with two planted meanings it removes one and leaves the other, and controls remove nothing."""

import json
import shutil
import xml.etree.ElementTree as ET
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ne_core.atlas import Atlas
from ne_core.method.embeddings import EMBEDDINGS, Embedder
from ne_core.method.statistics import InputStatistics
from ne_core.method.trees.cluster import cut, similarities, tree
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from precompute.evaluate import Options, applicable_parts
from precompute.evaluate.surgery.cuts import cut_to, partition, testable_cut
from precompute.evaluate.surgery.directions import (
    FITS,
    KINDS,
    Examples,
    direction,
    held_out,
    share_read,
    testable,
    trials,
    without,
)  # fmt: skip
from precompute.evaluate.surgery.losses import changed_inputs, group_means
from precompute.evaluate.surgery.measure import Measured, Settings, measure_surgery
from precompute.evaluate.surgery.neurons import (
    CUTS,
    MAIN,
    SPACES,
    Neuron,
    clusterings,
    drops,
    load_neuron,
    lost_shares,
    placed_trials,
)  # fmt: skip
from precompute.evaluate.surgery.report import BEYOND, LITERAL, over_reference, surgery_report
from precompute.models.of_atlas import FOLDERS, open_model_of
from tests.precompute.run.test_build import WORDS
from tests.support.planted import make_atlas
from tests.support.tiny_models import tiny_checkpoint

D, EACH = 64, 30
SMALL = Settings(neurons=2, examples=20, min_size=4, losses=2)
testable_features = testable  # pytest would collect the imported name as a test
testable.__test__ = testable_cut.__test__ = False


def some_tree(seed: int, n: int = 40) -> np.ndarray:
    """Tree of a few groups and some outliers."""
    rng = np.random.default_rng(seed)
    centres = 4 * rng.standard_normal((4, 6))
    points = centres[rng.integers(4, size=n)] + rng.standard_normal((n, 6)) * rng.choice([0.3, 3], size=(n, 1))
    return tree(similarities(points.astype(np.float32)))


@pytest.mark.parametrize("k", [2, 3, 4])
def test_testable_cut_is_the_best_of_all_cuts(k):
    n_compared = 0
    for seed in range(20):
        linkage, min_size = some_tree(seed), 6
        sizes = [np.bincount(partition(linkage, merges)) for merges in range(len(linkage) + 1)]
        covered = [s[s >= min_size].sum() if (s >= min_size).sum() == k else 0 for s in sizes]
        features = testable_cut(linkage, k, min_size)
        assert (features is None) == (max(covered) == 0)
        if features is not None:
            assert np.array_equal(features, partition(linkage, int(np.argmax(covered))))
            n_compared += 1
    assert n_compared > 5


def test_cut_to_k_features_with_equal_heights():
    equal_heights = tree(np.ones((7, 7), dtype=np.float32))
    assert [len(np.unique(cut_to(equal_heights, k))) for k in range(1, 8)] == list(range(1, 8))
    assert cut_to(equal_heights, 8) is None
    linkage = some_tree(0)
    assert np.array_equal(partition(linkage, 30), cut(linkage, float(linkage[29, 2])))


def test_held_out_halves_every_feature():
    features = np.array([0] * 9 + [1] * 4 + [2])
    order = np.random.default_rng(0).permutation(14)
    held = held_out(features, order)
    assert np.bincount(features, held).tolist() == [4, 2, 0]  # an odd or a single example is fitted to
    first = [next(row for row in order.tolist() if features[row] == feature) for feature in range(3)]
    assert not held[first].any()


def test_testable_features_have_enough_siblings():
    assert testable_features(np.repeat([0, 1, 2], [20, 10, 3]), 10).tolist() == [0, 1]
    assert testable_features(np.repeat([0, 1], [20, 9]), 10).tolist() == []


def planted() -> tuple[Neuron, np.ndarray]:
    """Two orthogonal meanings, each of which activates the neuron; the rest is noise that it does not read."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], EACH)
    mean = (0.1 * rng.standard_normal(D)).astype(np.float32)
    x = 0.3 * rng.standard_normal((2 * EACH, D))
    x[:, :2] = 6 * np.eye(2)[truth]
    examples = Examples((mean + x).astype(np.float32), mean, rng.permutation(2 * EACH))
    w = np.zeros(D, dtype=np.float32)
    w[:2] = 1
    n = np.arange(2 * EACH)
    return Neuron(NeuronRef(0, 0), examples, n, n, w), truth


def rectified(neuron: Neuron):
    """Activation function of the planted neuron."""
    return lambda layer, x, neurons: np.maximum(x @ neuron.w - 2, 0)


def test_surgery_removes_one_planted_meaning_only():
    neuron, truth = planted()
    embedder = Embedder(InputStatistics(neuron.examples.mean, np.eye(D, dtype=np.float32)))
    clustered = list(clusterings(neuron, embedder, 10))
    in_main_cut = [each for each in clustered if each.cut == MAIN]
    assert [SPACES[each.space] for each in in_main_cut] == list(EMBEDDINGS)
    assert all(np.array_equal(each.features, truth) for each in in_main_cut)
    losses = lost_shares(neuron, placed_trials(neuron, clustered, 10), rectified(neuron))
    kinds = {
        kind: (losses.feature[:, MAIN, index], losses.siblings[:, MAIN, index]) for index, kind in enumerate(KINDS)
    }
    feature, siblings = kinds["beyond", "features"]
    assert feature.min() > 0.95
    assert np.abs(siblings).max() < 0.02
    for shares in kinds["literal", "features"]:  # equal activations: w·d is 0, so nothing is lost
        assert np.abs(shares).max() < 0.02
    assert losses.read[:, MAIN, LITERAL].max() < 0.05
    assert losses.read[:, MAIN, BEYOND].min() == pytest.approx(np.sqrt(0.5), abs=0.05)


@pytest.mark.parametrize("fit", FITS[1:])
def test_controls_prefer_neither_meaning(fit):
    """A shuffled direction is by chance nearer to one of the two, equally often to either."""
    neuron, truth = planted()
    activation, shares = rectified(neuron), []
    for seed in range(200):
        for trial in trials(neuron.examples, truth, 10, (("beyond", fit),), np.random.default_rng(seed)):
            clean, after = (activation(0, x, None) for x in (neuron.examples.x[trial.rows], trial.x))
            shares.append(drops(clean, after, trial.in_feature))
    feature, siblings = np.mean(shares, axis=0)
    assert abs(feature - siblings) < 0.05
    assert max(feature, siblings) < 0.2


def test_controls_run_in_the_main_comparison_only():
    neuron, _ = planted()
    embedder = Embedder(InputStatistics(neuron.examples.mean, np.eye(D, dtype=np.float32)))
    placed = placed_trials(neuron, list(clusterings(neuron, embedder, 10)), 10)
    assert {each.trial.kind_name[1] for each in placed if each.cut != MAIN} == {"features"}
    assert {each.trial.kind_name for each in placed if each.cut == MAIN} == set(KINDS)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind[1] != "random"])
def test_directions_ignore_held_out_examples(kind):
    neuron, truth = planted()
    held = held_out(truth, neuron.examples.order)
    spoilt = neuron.examples.x.copy()
    spoilt[held] = 1e3
    directions = [
        direction(Examples(x, neuron.examples.mean, neuron.examples.order), truth == 0, held, *kind, rng())
        for x in (neuron.examples.x, spoilt)
    ]
    assert np.array_equal(*directions)
    for trial in trials(neuron.examples, truth, 10, (kind,), rng()):
        assert held[trial.rows].all()
        assert np.array_equal(trial.in_feature, truth[trial.rows] == truth[trial.rows[trial.in_feature][0]])


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_x_without_the_direction():
    neuron, truth = planted()
    u = direction(neuron.examples, truth == 0, held_out(truth, neuron.examples.order), "beyond", "features", rng())
    x, mean = neuron.examples.x, neuron.examples.mean
    assert np.linalg.norm(u) == pytest.approx(1)
    for method, left in (("literal", 0), ("beyond", float(mean @ u))):
        changed = without(x, mean, u, method)
        np.testing.assert_allclose(changed @ u, left, atol=1e-5)
        np.testing.assert_allclose(changed - np.outer(changed @ u, u), x - np.outer(x @ u, u), atol=1e-5)


def test_zero_direction_removes_nothing():
    x = np.ones((4, 3), dtype=np.float32)
    examples = Examples(x, np.zeros(3, dtype=np.float32), np.arange(4))
    in_feature, held = np.array([True, True, False, False]), np.array([False, True, False, True])
    for method in ("literal", "beyond"):
        u = direction(examples, in_feature, held, method, "features", rng())
        np.testing.assert_array_equal(without(x, examples.mean, u, method), x)
    assert share_read(np.zeros(3, dtype=np.float32), x[0]) == 0


def test_drops_are_shares_of_the_mean():
    in_feature = np.array([True, True, False])
    assert drops(np.array([1.0, 3, 2]), np.array([0.0, 1, 2]), in_feature) == (0.75, 0)


def test_group_means_skip_missing_values():
    values, group = np.array([1, np.nan, 3, 5]), np.array([0, 0, 1, 1])
    means = group_means(values, group, np.array([True, True, True, False]), 3)
    np.testing.assert_array_equal(means, [1, 3, np.nan])


def test_changed_inputs_include_the_unchanged_examples():
    neuron, _ = planted()
    embedder = Embedder(InputStatistics(neuron.examples.mean, np.eye(D, dtype=np.float32)))
    placed = placed_trials(neuron, list(clusterings(neuron, embedder, 10)), 10)
    changed = changed_inputs(neuron, placed, 2)
    assert set(changed.place[:, 1].tolist()) == {MAIN}
    unchanged = changed.trial < 0
    assert len(np.unique(changed.row[unchanged])) == unchanged.sum() == 4  # two of each meaning
    np.testing.assert_array_equal(changed.x[unchanged], neuron.examples.x[changed.row[unchanged]])
    assert np.bincount(changed.trial[~unchanged]).tolist() == [4] * len(changed.place)
    assert np.bincount(changed.trial[~unchanged], changed.in_feature[~unchanged]).tolist() == [2] * len(changed.place)


def known(over: float, n_known: float = 5) -> Measured:
    """Six neurons of two layers; `conditional` loses `over` more, and is known for `n_known` of them."""
    shape = (6, len(SPACES), len(CUTS), len(KINDS))
    feature, siblings = np.full(shape, 0.5), np.full(shape, 0.1)
    feature[:, SPACES.index("conditional")] += over
    feature[int(n_known) :, SPACES.index("conditional")] = np.nan
    loss = np.full((6, len(SPACES), len(KINDS)), 0.2)
    sizes = np.ones(shape[:3])
    return Measured(np.array([0, 0, 0, 2, 2, 2]), feature, siblings, siblings, sizes, sizes, loss, loss)


def test_spaces_are_compared_on_common_neurons():
    measured = known(0.25)
    np.testing.assert_allclose(over_reference(measured, SPACES.index("conditional"), MAIN), [0.25] * 5)
    report = surgery_report("known", "conditional", measured)
    figures = {figure.name: figure.value for figure in report.figures}
    assert len(figures) == len(report.figures)
    for name, value in {
        "over_neuron_testable2_conditional": 0.25,
        "over_neuron_testable2_conditional_low": 0.25,
        "over_neuron_testable2_pre_mlp": 0,
        "own_less_siblings_testable2_neuron": 0.4,
        "own_less_siblings_layer2_conditional": 0.65,
        "neurons_testable2_conditional": 5,
        "own_loss_beyond_features_neuron": 0.2,
    }.items():
        assert figures[f"surgery_{name}_known"] == pytest.approx(value), name
    assert {line.split(",")[0] for line in report.table.splitlines() if ", beyond, " in line} == {
        "neuron", "conditional",
    }  # fmt: skip


def test_picture_of_known_shares():
    svg = surgery_report("known", "neuron", known(0.25)).pictures["surgery"]
    dots = [each for each in ET.fromstring(svg).iter() if each.tag.endswith("circle")]
    assert len(dots) == 2 * (len(SPACES) + 3) + 2  # each row has two, the legend too
    by_place = {(each.get("cx"), each.get("cy")) for each in dots}
    assert len({x for x, _ in by_place}) == 5  # 0.1, 0.5, 0.75 and the legend's


def test_report_without_values():
    nothing = known(0, n_known=0)
    report = surgery_report("known", "conditional", nothing)
    assert np.isnan(
        {figure.name: figure.value for figure in report.figures}["surgery_own_beyond_testable2_conditional_known"]
    )
    ET.fromstring(report.pictures["surgery"])


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Folder with a model of random weights and an atlas of neurons with enough examples."""
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("surgery")
    tiny_checkpoint("gpt2", place / "model")
    draws = np.random.default_rng(0)
    texts = (" ".join(draws.choice(WORDS.split(), size=draws.integers(20, 60))) for _ in range(80))
    (place / "corpus.txt").write_text("\n\n".join(texts))
    paths = {"--model": "model", "--corpus": "corpus.txt", "--out": "atlas"}
    inputs = [part for name, value in paths.items() for part in (name, str(place / value))]
    sizes = ["--examples", "80", "--context", "24", "--layers", "0,2", "--window", "6,3", "--max-examples", "40"]
    cheap = ["--importance-examples", "1", "--device", "cpu", "--mask", "mean-embedding"]
    assert main(["build", *inputs, *sizes, *cheap]) == 0
    return place


@pytest.fixture(scope="module")
def atlas(place) -> Atlas:
    return Atlas.open(place / "atlas")


@pytest.fixture(scope="module")
def source(place, atlas):
    return open_model_of(atlas, model=str(place / "model")).source


def test_lost_activation_matches_the_formula(atlas, source):
    """Compare with act_fn(w·x' + b) from the atlas's weights; every kind that is run has a loss."""
    calls = []
    measured = measure_surgery(atlas, source, SMALL, lambda *done: calls.append(done))
    assert calls == [(n, len(measured.layer)) for n in range(1, len(measured.layer) + 1)]
    assert set(measured.layer.tolist()) == {0, 2}
    compared = 0
    for row, ref in enumerate(sampled(atlas)):
        neuron, embedder = load_neuron(atlas, ref), atlas.embedder(ref.layer)
        placed = placed_trials(neuron, list(clusterings(neuron, embedder, SMALL.min_size)), SMALL.min_size)
        b = float(atlas.weights(ref.layer).b_in[ref.neuron])

        def act(x: np.ndarray, w=neuron.w, b=b) -> np.ndarray:
            return torch.nn.functional.gelu(torch.from_numpy(x @ w + b), approximate="tanh").double().numpy()

        selected = [each for each in placed if (each.space, each.cut, each.trial.kind) == (0, MAIN, BEYOND)]
        if selected:
            shares = [
                drops(act(neuron.examples.x[e.trial.rows]), act(e.trial.x), e.trial.in_feature)[0] for e in selected
            ]
            assert measured.feature[row, 0, MAIN, BEYOND] == pytest.approx(np.mean(shares), abs=2e-3)
            followed = (neuron.pos + 1 < atlas.lengths[neuron.example]).any()  # one looks at the last position alone
            assert np.isfinite(measured.feature_loss[row, 0, [LITERAL, BEYOND]]).tolist() == [followed, followed]
            compared += 1
    assert compared > 1


def sampled(atlas: Atlas) -> list[NeuronRef]:
    from precompute.evaluate.surgery.measure import sample

    return [ref for layer in atlas.layers for ref in sample(atlas, layer, SMALL)]


def test_command_finds_the_model_and_writes_figures(place, capsys, monkeypatch):
    monkeypatch.setattr("precompute.evaluate.surgery.Settings", lambda: SMALL)
    monkeypatch.setenv(FOLDERS, str(place))
    out = place / "figures.json"
    assert main(["evaluate", str(place / "atlas"), "--only", "surgery", "--json", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "Meaning surgery" in printed
    assert "Controls" in printed
    figures = json.loads(out.read_text())["surgery"]
    assert all(f"surgery_own_less_siblings_testable2_{space}_atlas" in figures for space in SPACES)


def test_part_applies_if_the_model_is_available(place, atlas, tmp_path, monkeypatch):
    monkeypatch.setattr("precompute.models.model_facts.SHIPPED", place)
    assert "surgery" in applicable_parts(atlas, Options())
    latents = changed(place / "atlas", tmp_path / "latents", of_latents)
    assert "surgery" not in applicable_parts(Atlas.open(latents), Options())
    monkeypatch.setattr("precompute.models.model_facts.SHIPPED", tmp_path)
    assert "surgery" not in applicable_parts(atlas, Options())
    tiny_checkpoint("gpt2", tmp_path / "model", seed=1)  # same name, other weights
    assert "surgery" not in applicable_parts(atlas, Options())
    assert "surgery" in applicable_parts(atlas, Options(model=str(place / "model")))


def of_latents(raw: dict) -> None:
    raw["model"]["sae"] = {"name": "some"}


@pytest.mark.slow
def test_surgery_is_deterministic(atlas, source):
    once, again = (measure_surgery(atlas, source, replace(SMALL, neurons=1)) for _ in range(2))
    for field in fields(Measured):
        np.testing.assert_array_equal(getattr(once, field.name), getattr(again, field.name))


def test_bad_input_gives_exit_code_2_and_one_line(place, tmp_path, image_atlas, capsys):
    atlas, other = place / "atlas", tiny_checkpoint("gpt2", tmp_path / "other", seed=1)
    latents = changed(atlas, tmp_path / "latents", of_latents)
    other_weights = Path(shutil.copytree(atlas, tmp_path / "other_weights"))
    np.save(other_weights / "layers/02/W_in.npy", -np.load(other_weights / "layers/02/W_in.npy"))
    capsys.readouterr()
    for directory, options, words in (
        (atlas, ["--model", str(other)], "has other weights than that of this atlas: name another --model"),
        (other_weights, ["--model", str(place / "model")], "has other weights than that of this atlas"),
        (atlas, ["--model", str(tmp_path / "nowhere")], "is missing: --model is a folder or a hub name"),
        (atlas, ["--model", str(place / "model")], "neurons with 60 examples"),
        (image_atlas, [], "not an atlas of a transformer's own neurons"),
        (latents, [], "not an atlas of a transformer's own neurons"),
        (make_atlas(tmp_path / "bare", inputs=False), [], "holds no inputs of its examples"),
    ):
        assert main(["evaluate", str(directory), "--only", "surgery", *options]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line


def changed(atlas: Path, out: Path, change) -> Path:
    copy = Path(shutil.copytree(atlas, out))
    raw = json.loads((copy / "manifest.json").read_text())
    change(raw)
    (copy / "manifest.json").write_text(json.dumps(raw))
    return copy
