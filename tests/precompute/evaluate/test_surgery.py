"""Meaning surgery: where two meanings were planted it takes the one and leaves the other, and controls take nothing."""

import json
import shutil
import xml.etree.ElementTree as ET
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ne_core.atlas import Atlas
from ne_core.method.cluster import cut, similarities, tree
from ne_core.method.embeddings import EMBEDDINGS, Embedder
from ne_core.method.statistics import InputStatistics
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from precompute.evaluate import Options, fitting
from precompute.evaluate.surgery.cuts import cut_to, partition, testable_cut
from precompute.evaluate.surgery.directions import (
    FITS,
    KINDS,
    Examples,
    direction,
    held_out,
    read,
    testable,
    trials,
    without,
)  # fmt: skip
from precompute.evaluate.surgery.losses import changed_inputs, mean_of
from precompute.evaluate.surgery.measured import Measured, Settings, measured
from precompute.evaluate.surgery.model import opened_model
from precompute.evaluate.surgery.neurons import (
    CUTS,
    MAIN,
    SPACES,
    Neuron,
    clusterings,
    drops,
    lost,
    neuron_of,
    placed_trials,
)  # fmt: skip
from precompute.evaluate.surgery.report import BEYOND, LITERAL, over_reference, surgery_report
from tests.precompute.run.test_build import WORDS
from tests.support.planted import make_atlas
from tests.support.tiny_models import tiny_checkpoint

D, EACH = 64, 30
SMALL = Settings(neurons=2, examples=20, least=4, losses=2)
testable_features = testable  # pytest takes a function of that name for a test where it is imported as it is
testable.__test__ = testable_cut.__test__ = False


def some_tree(seed: int, n: int = 40) -> np.ndarray:
    """Of a few groups and some strays."""
    rng = np.random.default_rng(seed)
    centres = 4 * rng.standard_normal((4, 6))
    points = centres[rng.integers(4, size=n)] + rng.standard_normal((n, 6)) * rng.choice([0.3, 3], size=(n, 1))
    return tree(similarities(points.astype(np.float32)))


@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_testable_cut_is_the_best_of_all_cuts(k):
    found = 0
    for seed in range(20):
        linkage, least = some_tree(seed), 6
        sizes = [np.bincount(partition(linkage, merges)) for merges in range(len(linkage) + 1)]
        covered = [s[s >= least].sum() if (s >= least).sum() == k else 0 for s in sizes]
        features = testable_cut(linkage, k, least)
        assert (features is None) == (max(covered) == 0)
        if features is not None:
            assert np.array_equal(features, partition(linkage, int(np.argmax(covered))))
            found += 1
    assert found > 5


def test_cuts_to_a_number_of_features_also_where_all_stand_at_one_height():
    alike = tree(np.ones((7, 7), dtype=np.float32))
    assert [len(np.unique(cut_to(alike, k))) for k in range(1, 8)] == list(range(1, 8))
    assert cut_to(alike, 8) is None
    linkage = some_tree(0)
    assert np.array_equal(partition(linkage, 30), cut(linkage, float(linkage[29, 2])))


def test_every_feature_is_halved_by_the_one_order():
    features = np.array([0] * 9 + [1] * 4 + [2])
    order = np.random.default_rng(0).permutation(14)
    held = held_out(features, order)
    assert np.bincount(features, held).tolist() == [4, 2, 0]  # the odd one is fitted to, and a single one
    first = [next(row for row in order.tolist() if features[row] == feature) for feature in range(3)]
    assert not held[first].any()


def test_testable_features_have_as_many_siblings():
    assert testable_features(np.repeat([0, 1, 2], [20, 10, 3]), 10).tolist() == [0, 1]
    assert testable_features(np.repeat([0, 1], [20, 9]), 10).tolist() == []


def planted() -> tuple[Neuron, np.ndarray]:
    """Two meanings at right angles, either of which is enough for the neuron; the rest is noise that it cannot read."""
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
    """What the planted neuron makes of inputs."""
    return lambda layer, x, which: np.maximum(x @ neuron.w - 2, 0)


def test_surgery_takes_the_planted_meaning_and_leaves_the_other():
    neuron, truth = planted()
    embedder = Embedder(InputStatistics(neuron.examples.mean, np.eye(D, dtype=np.float32)))
    clustered = list(clusterings(neuron, embedder, 10))
    at_main = [each for each in clustered if each.cut == MAIN]
    assert [SPACES[each.space] for each in at_main] == list(EMBEDDINGS)
    assert all(np.array_equal(each.features, truth) for each in at_main)
    found = lost(neuron, placed_trials(neuron, clustered, 10), rectified(neuron))
    kinds = {kind: (found.own[:, MAIN, at], found.siblings[:, MAIN, at]) for at, kind in enumerate(KINDS)}
    own, siblings = kinds["beyond", "features"]
    assert own.min() > 0.95
    assert np.abs(siblings).max() < 0.02
    for shares in kinds["literal", "features"]:  # of equal activations: nothing to take, w·d is 0
        assert np.abs(shares).max() < 0.02
    assert found.read[:, MAIN, LITERAL].max() < 0.05
    assert found.read[:, MAIN, BEYOND].min() == pytest.approx(np.sqrt(0.5), abs=0.05)


@pytest.mark.parametrize("fit", FITS[1:])
def test_controls_take_neither_meaning_before_the_other(fit):
    """A shuffled direction is by chance nearer to one of the two, and as often to the other one."""
    neuron, truth = planted()
    activation, shares = rectified(neuron), []
    for seed in range(200):
        for trial in trials(neuron.examples, truth, 10, (("beyond", fit),), np.random.default_rng(seed)):
            clean, after = (activation(0, x, None) for x in (neuron.examples.x[trial.rows], trial.x))
            shares.append(drops(clean, after, trial.own))
    own, siblings = np.mean(shares, axis=0)
    assert abs(own - siblings) < 0.05
    assert max(own, siblings) < 0.2


def test_controls_are_run_in_the_main_comparison_alone():
    neuron, _ = planted()
    embedder = Embedder(InputStatistics(neuron.examples.mean, np.eye(D, dtype=np.float32)))
    placed = placed_trials(neuron, list(clusterings(neuron, embedder, 10)), 10)
    assert {each.trial.named[1] for each in placed if each.cut != MAIN} == {"features"}
    assert {each.trial.named for each in placed if each.cut == MAIN} == set(KINDS)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind[1] != "random"])
def test_no_direction_is_fitted_to_what_is_held_out(kind):
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
        assert np.array_equal(trial.own, truth[trial.rows] == truth[trial.rows[trial.own][0]])


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_what_is_left_along_the_direction():
    neuron, truth = planted()
    u = direction(neuron.examples, truth == 0, held_out(truth, neuron.examples.order), "beyond", "features", rng())
    x, mean = neuron.examples.x, neuron.examples.mean
    assert np.linalg.norm(u) == pytest.approx(1)
    for way, left in (("literal", 0), ("beyond", float(mean @ u))):
        changed = without(x, mean, u, way)
        np.testing.assert_allclose(changed @ u, left, atol=1e-5)
        np.testing.assert_allclose(changed - np.outer(changed @ u, u), x - np.outer(x @ u, u), atol=1e-5)


def test_where_there_is_no_direction_nothing_is_taken():
    x = np.ones((4, 3), dtype=np.float32)
    examples = Examples(x, np.zeros(3, dtype=np.float32), np.arange(4))
    own, held = np.array([True, True, False, False]), np.array([False, True, False, True])
    for way in ("literal", "beyond"):
        u = direction(examples, own, held, way, "features", rng())
        np.testing.assert_array_equal(without(x, examples.mean, u, way), x)
    assert read(np.zeros(3, dtype=np.float32), x[0]) == 0


def test_drops_are_shares_of_the_mean():
    own = np.array([True, True, False])
    assert drops(np.array([1.0, 3, 2]), np.array([0.0, 1, 2]), own) == (0.75, 0)


def test_means_of_groups_leave_out_what_is_not_there():
    values, group = np.array([1, np.nan, 3, 5]), np.array([0, 0, 1, 1])
    found = mean_of(values, group, np.array([True, True, True, False]), 3)
    np.testing.assert_array_equal(found, [1, 3, np.nan])


def test_losses_are_of_the_first_held_out_examples_and_of_each_as_it_is():
    neuron, _ = planted()
    embedder = Embedder(InputStatistics(neuron.examples.mean, np.eye(D, dtype=np.float32)))
    placed = placed_trials(neuron, list(clusterings(neuron, embedder, 10)), 10)
    changed = changed_inputs(neuron, placed, 2)
    assert set(changed.place[:, 1].tolist()) == {MAIN}
    as_they_are = changed.trial < 0
    assert len(np.unique(changed.row[as_they_are])) == as_they_are.sum() == 4  # two of each meaning, whoever is tested
    np.testing.assert_array_equal(changed.x[as_they_are], neuron.examples.x[changed.row[as_they_are]])
    assert np.bincount(changed.trial[~as_they_are]).tolist() == [4] * len(changed.place)
    assert np.bincount(changed.trial[~as_they_are], changed.own[~as_they_are]).tolist() == [2] * len(changed.place)


def known(over: float, there: float = 5) -> Measured:
    """Six neurons of two layers; `conditional` loses `over` more of its own, and is there on some of them alone."""
    shape = (6, len(SPACES), len(CUTS), len(KINDS))
    own, siblings = np.full(shape, 0.5), np.full(shape, 0.1)
    own[:, SPACES.index("conditional")] += over
    own[int(there) :, SPACES.index("conditional")] = np.nan
    loss = np.full((6, len(SPACES), len(KINDS)), 0.2)
    sizes = np.ones(shape[:3])
    return Measured(np.array([0, 0, 0, 2, 2, 2]), own, siblings, siblings, sizes, sizes, loss, loss)


def test_spaces_are_compared_on_the_neurons_that_both_can_be_tested_on():
    found = known(0.25)
    np.testing.assert_allclose(over_reference(found, SPACES.index("conditional"), MAIN), [0.25] * 5)
    report = surgery_report("known", "conditional", found)
    told = {figure.name: figure.value for figure in report.figures}
    assert len(told) == len(report.figures)
    for name, value in {
        "over_neuron_testable2_conditional": 0.25,
        "over_neuron_testable2_conditional_low": 0.25,
        "over_neuron_testable2_pre_mlp": 0,
        "own_less_siblings_testable2_neuron": 0.4,
        "own_less_siblings_layer2_conditional": 0.65,
        "neurons_testable2_conditional": 5,
        "own_loss_beyond_features_neuron": 0.2,
    }.items():
        assert told[f"surgery_{name}_known"] == pytest.approx(value), name
    assert {line.split(",")[0] for line in report.table.splitlines() if ", beyond, " in line} == {
        "neuron", "conditional",
    }  # fmt: skip


def test_a_picture_of_known_shares():
    svg = surgery_report("known", "neuron", known(0.25)).pictures["surgery"]
    dots = [each for each in ET.fromstring(svg).iter() if each.tag.endswith("circle")]
    assert len(dots) == 2 * (len(SPACES) + 3) + 2  # each row has two, the legend too
    by_place = {(each.get("cx"), each.get("cy")) for each in dots}
    assert len({x for x, _ in by_place}) == 5  # 0.1, 0.5, 0.75 and the legend's


def test_nothing_measured_is_said_and_no_picture_breaks():
    nothing = known(0, there=0)
    report = surgery_report("known", "conditional", nothing)
    assert np.isnan(
        {figure.name: figure.value for figure in report.figures}["surgery_own_beyond_testable2_conditional_known"]
    )
    ET.fromstring(report.pictures["surgery"])


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A model of random weights, whose neurons have examples enough."""
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("surgery")
    tiny_checkpoint("gpt2", place / "model")
    draws = np.random.default_rng(0)
    texts = (" ".join(draws.choice(WORDS.split(), size=draws.integers(20, 60))) for _ in range(80))
    (place / "corpus.txt").write_text("\n\n".join(texts))
    paths = {"--model": "model", "--corpus": "corpus.txt", "--out": "atlas"}
    given = [part for name, value in paths.items() for part in (name, str(place / value))]
    sizes = ["--examples", "80", "--context", "24", "--layers", "0,2", "--window", "6,3", "--max-examples", "40"]
    cheap = ["--importance-examples", "1", "--device", "cpu", "--mask", "mean-embedding"]
    assert main(["build", *given, *sizes, *cheap]) == 0
    return place


@pytest.fixture(scope="module")
def atlas(place) -> Atlas:
    return Atlas.open(place / "atlas")


@pytest.fixture(scope="module")
def source(place, atlas):
    return opened_model(atlas, str(place / "model"))


def test_what_a_neuron_loses_is_what_its_pre_activation_says(atlas, source):
    """act_fn(w·x' + b), by the atlas's weights and a formula; and a loss for every kind that is run."""
    heard = []
    found = measured(atlas, source, SMALL, lambda *done: heard.append(done))
    assert heard == [(n, len(found.layer)) for n in range(1, len(found.layer) + 1)]
    assert set(found.layer.tolist()) == {0, 2}
    compared = 0
    for row, ref in enumerate(sampled(atlas)):
        neuron, embedder = neuron_of(atlas, ref), atlas.embedder(ref.layer)
        placed = placed_trials(neuron, list(clusterings(neuron, embedder, SMALL.least)), SMALL.least)
        b = float(atlas.weights(ref.layer).b_in[ref.neuron])

        def act(x: np.ndarray, w=neuron.w, b=b) -> np.ndarray:
            return torch.nn.functional.gelu(torch.from_numpy(x @ w + b), approximate="tanh").double().numpy()

        mine = [each for each in placed if (each.space, each.cut, each.trial.kind) == (0, MAIN, BEYOND)]
        if mine:
            shares = [drops(act(neuron.examples.x[e.trial.rows]), act(e.trial.x), e.trial.own)[0] for e in mine]
            assert found.own[row, 0, MAIN, BEYOND] == pytest.approx(np.mean(shares), abs=2e-3)
            followed = (neuron.pos + 1 < atlas.lengths[neuron.example]).any()  # one looks at the last position alone
            assert np.isfinite(found.own_loss[row, 0, [LITERAL, BEYOND]]).tolist() == [followed, followed]
            compared += 1
    assert compared > 1


def sampled(atlas: Atlas) -> list[NeuronRef]:
    from precompute.evaluate.surgery.measured import sample

    return [ref for layer in atlas.layers for ref in sample(atlas, layer, SMALL)]


def test_the_command_finds_the_model_and_tells_all(place, capsys, monkeypatch):
    monkeypatch.setattr("precompute.evaluate.surgery.Settings", lambda: SMALL)
    monkeypatch.setattr("precompute.models.model_facts.SHIPPED", place)
    out = place / "told.json"
    assert main(["evaluate", str(place / "atlas"), "--only", "surgery", "--json", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "Meaning surgery" in printed
    assert "Controls" in printed
    told = json.loads(out.read_text())["surgery"]
    assert all(f"surgery_own_less_siblings_testable2_{space}_atlas" in told for space in SPACES)


def test_it_is_a_part_where_the_model_is_at_hand(place, atlas, tmp_path, monkeypatch):
    monkeypatch.setattr("precompute.models.model_facts.SHIPPED", place)
    assert "surgery" in fitting(atlas, Options())
    latents = changed(place / "atlas", tmp_path / "latents", of_latents)
    assert "surgery" not in fitting(Atlas.open(latents), Options())
    monkeypatch.setattr("precompute.models.model_facts.SHIPPED", tmp_path)
    assert "surgery" not in fitting(atlas, Options())
    tiny_checkpoint("gpt2", tmp_path / "model", seed=1)  # of the name, of other weights
    assert "surgery" not in fitting(atlas, Options())
    assert "surgery" in fitting(atlas, Options(model=str(place / "model")))


def of_latents(raw: dict) -> None:
    raw["model"]["sae"] = {"name": "some"}


def test_twice_is_the_same(atlas, source):
    once, again = (measured(atlas, source, replace(SMALL, neurons=1)) for _ in range(2))
    for field in fields(Measured):
        np.testing.assert_array_equal(getattr(once, field.name), getattr(again, field.name))


def test_bad_input_is_exit_code_2_and_one_line(place, tmp_path, image_atlas, capsys):
    atlas, other = place / "atlas", tiny_checkpoint("gpt2", tmp_path / "other", seed=1)
    latents = changed(atlas, tmp_path / "latents", of_latents)
    other_weights = Path(shutil.copytree(atlas, tmp_path / "other_weights"))
    np.save(other_weights / "layers/02/W_in.npy", -np.load(other_weights / "layers/02/W_in.npy"))
    capsys.readouterr()
    for directory, options, words in (
        (atlas, ["--model", str(other)], "is not the model that"),
        (other_weights, ["--model", str(place / "model")], "is not the model that"),
        (atlas, ["--model", str(tmp_path / "nowhere")], "named with --model"),
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
