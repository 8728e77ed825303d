"""Details of a neuron: the figures match the atlas, and missing data has a message."""

import math

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.manifest import Density
from ne_core.method.agreement import agreement
from ne_core.method.logits import LogitEffects
from ne_core.numbers import fixed
from ne_core.refs import NeuronRef
from precompute.write.density import add_density
from tests.support.apptest import open_app, payloads
from tests.support.hostile import copy_atlas

LARGE = {"layer": "0", "neuron": "0"}


@pytest.fixture(scope="module")
def atlas(tiny_atlas):
    return Atlas.open(tiny_atlas)


def plot(app, start: str) -> dict:
    return next(each for each in payloads(app) if "bars" in each and each["label"].startswith(start))


def captions(app) -> str:
    return " ".join(each.value for each in app.caption)


def test_importance_by_distance_of_a_feature_and_of_the_other_examples(tiny_atlas, atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, feature="1", baseline="mean-embedding")
    figure, neuron = plot(app, "Mean importance"), atlas.neuron(NeuronRef(0, 0))
    values = neuron.window_importances[:, 1].astype(np.float64)
    for bar in figure["bars"]:
        column = values[neuron.feature == 1][:, atlas.manifest.window.key + round((bar["left"] + bar["right"]) / 2)]
        assert bar["y"] == pytest.approx(np.nanmean(column))
        assert bar["high"] - bar["y"] == pytest.approx(np.nanstd(column))
    others = values[neuron.feature != 1]
    for distance, mean in figure["line"]["points"]:
        assert mean == pytest.approx(np.nanmean(others[:, atlas.manifest.window.key + round(distance)]))
    assert (
        "over the 3 examples of feature 1 with importances, and 3 examples of the neuron’s other features"
        in captions(app)
    )


def test_agreement_of_baselines(tiny_atlas, atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, feature="0")
    neuron = atlas.neuron(NeuronRef(0, 0))
    result = agreement(np.asarray(neuron.window_importances[neuron.feature == 0]))
    text = next(each.value for each in app.markdown if "mask baselines agree?" in each.value)
    assert f"Over {result.n_tokens} tokens before the key tokens of {result.n_examples} examples of feature 0" in text
    for part in (
        f"**{1 - result.sign:.0%}** of the underlined",
        f"**{result.top:.0%}**",
        f"**{fixed(result.correlation)}**",
    ):
        assert part in text


def test_activations_with_the_threshold_and_the_maximum(tiny_atlas, atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE)
    figure, histogram = plot(app, "Number of sampled"), atlas.histogram(NeuronRef(0, 0))
    counts = [round(10 ** bar["y"]) - 1 for bar in figure["bars"]]
    assert counts == histogram.counts.tolist()
    assert [bar["left"] for bar in figure["bars"]] == pytest.approx(histogram.edges[:-1].tolist())
    assert figure["marks"] == [[3, "threshold 3.00"], [4, "maximum 4.00"]]
    assert figure["x"]["high"] == max(4, histogram.high)
    assert "Activations on 200 sampled positions" in captions(app)


def test_activations_of_the_examples_of_a_feature(tiny_atlas, atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, feature="1")
    figure, neuron = plot(app, "Number of examples of feature 1 by activation."), atlas.neuron(NeuronRef(0, 0))
    values = neuron.activation[neuron.feature == 1].astype(np.float64)
    assert [bar["y"] for bar in figure["bars"]] == np.histogram(values, len(figure["bars"]))[0].tolist()
    assert sum(bar["y"] for bar in figure["bars"]) == 3
    assert figure["marks"] == [[pytest.approx(values.mean()), f"mean {values.mean():.2f}"]]
    assert (figure["x"]["title"], figure["y"]["title"]) == ("activation on the key token", "examples")
    assert next(each.label for each in app.expander) == "Details of feature 1: 3 of the neuron’s 17 examples"


def test_missing_importance_is_the_last_tab_and_says_how_to_get_it(tiny_atlas, atlas, monkeypatch):
    neuron = atlas.neuron(NeuronRef(0, 0))
    row = int(np.flatnonzero(~np.isfinite(neuron.window_importances).any(axis=(1, 2)))[0])
    feature = str(int(neuron.features(0.0)[row]))
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, cut="0", feature=feature)
    tabs = ["Its activations", "Why this meaning", "Sources", "Effect on the logits", "Activations"]
    tabs.append("Importance by distance")
    assert [tab.label for tab in app.tabs] == tabs
    options = "--importance-examples all --importance-passes all"
    assert options in captions(app)
    assert options in next(each["head"]["facts"] for each in payloads(app) if "head" in each)


def test_branch_with_all_examples_has_no_line_of_others(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="2", branch="16")
    figure = plot(app, "Mean importance by distance from the key token: branch point 16.")
    assert figure["line"] is None  # it holds every example
    assert all(math.isfinite(bar["y"]) for bar in figure["bars"])


def test_dead_neuron_has_no_details(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="4")
    assert not payloads(app)


def test_logit_effects_link_to_the_search_for_exact_tokens(tiny_atlas, atlas, monkeypatch):
    script, cat = atlas.vocab.index("<script>alert(1)</script>"), atlas.vocab.index(" cat")
    effects = LogitEffects([(script, 1.5), (cat, 0.25)], [(atlas.vocab.index("\n"), -3.0)])
    monkeypatch.setattr(Atlas, "logit_effects", lambda atlas, ref: effects)
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE)
    raises, lowers = next(each["lists"] for each in payloads(app) if "lists" in each)
    assert [(row["text"], row["effect"], row["share"]) for row in raises["rows"]] == [
        ("<script>alert(1)</script>", "+1.50", 0.5),
        (" cat", "+0.25", 0.083),
    ]
    assert raises["rows"][1]["href"] == "search?atlas=planted&q=%E2%90%A3cat&mode=token"
    assert [(row["text"], row["effect"], row["raises"]) for row in lowers["rows"]] == [("⏎", "−3.00", False)]


def test_message_without_logit_effects(tiny_atlas, monkeypatch):
    monkeypatch.setattr(Atlas, "logit_effects", lambda atlas, ref: None)
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE)
    assert "This atlas has no effects on the logits" in captions(app)


def test_density_of_the_feature_or_the_command_that_counts_it(tiny_atlas, tmp_path, monkeypatch):
    assert "`python -m precompute read DIR --corpus` counts it" in captions(
        open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE)
    )
    root = copy_atlas(tiny_atlas, tmp_path / "planted")
    fires = np.full(len(Atlas.open(root).features["layer"]), 100)
    add_density(Atlas.open(root), fires, Density(0.75, 1000))
    app = open_app(tmp_path, "neuron", monkeypatch, **LARGE, feature="1")
    assert any("Feature 1 fires on 10 % of the corpus’s 1,000 tokens (8.3–12 %)" in each.value for each in app.markdown)
    assert "interval" in captions(app)
    elsewhere = open_app(tmp_path, "neuron", monkeypatch, **LARGE, cut="0.9")
    assert not any("How often" in each.value for each in (*elsewhere.markdown, *elsewhere.caption))
    whitened = open_app(tmp_path, "neuron", monkeypatch, **LARGE, embedding="whitened")
    assert "is counted for features of the atlas’s own embedding only" in captions(whitened)
    assert not any("fires on" in each.value for each in whitened.markdown)
