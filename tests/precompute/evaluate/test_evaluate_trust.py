"""Comparison of features with chance, as a table, figures and a picture; on planted atlases."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from ne_core.atlas import Atlas
from precompute.__main__ import main
from precompute.evaluate import Options, applicable_parts, evaluate, trust
from precompute.evaluate.trust_picture import Curve
from tests.support.planted import make_atlas


@pytest.fixture
def few(monkeypatch):
    """Allow curves of as few units and examples as the planted atlas has."""
    monkeypatch.setattr(trust, "LEAST", 2)
    monkeypatch.setattr(trust, "COUNTS", (2, 5, 9, 17, 80))


def test_curves_grow_to_the_plain_count(compared_atlas, few):
    atlas = Atlas.open(compared_atlas)
    curves = trust.curves(atlas, 0, 0.75, 100)
    assert set(curves) == {"neurons", "random directions", "weights shuffled"}
    neurons = curves["neurons"]
    assert neurons.ns == (2, 5, 9, 17)
    assert neurons.features.shape == (2, 4)  # the neurons of 17 and 18 examples
    assert neurons.features[0, -1] == atlas.neurons["n_features"][0]
    assert (np.diff(neurons.features.mean(axis=0)) > 0).all()


def test_report_has_figures_of_each_layer(compared_atlas, few):
    report = dict(evaluate(compared_atlas, ("trust",)))["trust"]
    figures = {each.name: each.value for each in report.figures}
    atlas = Atlas.open(compared_atlas)
    features = atlas.neurons["rarefied_features"][:6]
    features = features[np.isfinite(features)]
    assert figures["trust_features_own_layer0_compared"] == pytest.approx(features.mean())
    random = atlas.files[0].random["random_features"]
    assert figures["trust_features_random_layer0_compared"] == pytest.approx(random.mean())
    assert figures["trust_curve_neurons_17_layer0_compared"] == pytest.approx(3, abs=0.1)  # of 2 and 4 meanings
    assert "in the space x ⊙ w, at cut 0.5. At 7 examples (the mean over 200 random sets)" in report.table


def test_picture_is_complete(compared_atlas, few):
    picture = dict(evaluate(compared_atlas, ("trust",)))["trust"].pictures["trust"]
    drawn = ElementTree.fromstring(picture)
    texts = {each.text for each in drawn.iter() if each.tag.endswith("text")}
    assert {"layer 0", "layer 2", "examples", "features", "neurons", "random directions", "17"} <= texts
    assert not [value for each in drawn.iter() for value in each.attrib.values() if "nan" in value.split(",")]


@pytest.mark.slow
def test_evaluation_is_deterministic(compared_atlas, few):
    one, two = (dict(evaluate(compared_atlas, ("trust",)))["trust"] for _ in range(2))
    assert one == two


def test_empty_curve():
    assert Curve((5,), np.zeros((0, 1))).features.shape == (0, 1)


def test_too_few_examples_for_curves(compared_atlas):
    report = dict(evaluate(compared_atlas, ("trust",)))["trust"]  # curves need 20 neurons
    assert "layer 0" in report.table
    ElementTree.fromstring(report.pictures["trust"])


def test_part_applies_to_atlases_with_random_directions(compared_atlas, tiny_atlas):
    assert "trust" in applicable_parts(Atlas.open(compared_atlas), Options())
    assert "trust" not in applicable_parts(Atlas.open(tiny_atlas), Options())


def test_bad_input_gives_exit_code_2_and_one_line(compared_atlas, tiny_atlas, tmp_path, capsys):
    bare = make_atlas(tmp_path / "bare", inputs=False, equal_n=True)
    odd = Path(shutil.copytree(compared_atlas, tmp_path / "odd"))
    raw = json.loads((odd / "manifest.json").read_text())
    (odd / "manifest.json").write_text(json.dumps(raw | {"keep": "most"}))
    for root, words in (
        (tiny_atlas, "holds no random directions: build it again with --rarefy 20"),
        (bare, "holds no inputs of its examples: build it again with --inputs yes"),
        (odd, "keep must be from 0 to 1, and max_examples 1 or more"),
    ):
        assert main(["evaluate", str(root), "--only", "trust"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line
