"""How far numbers of features can be trusted, as a table, figures and a picture; on planted atlases."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from ne_core.atlas import Atlas
from precompute.__main__ import main
from precompute.evaluate import Options, evaluate, fitting, trust
from precompute.evaluate.trust_picture import Curve
from precompute.evaluate.trust_report import Layer, outside
from tests.support.planted import make_atlas


@pytest.fixture
def few(monkeypatch):
    """Curves of as many units and examples as the planted atlas has."""
    monkeypatch.setattr(trust, "LEAST", 2)
    monkeypatch.setattr(trust, "COUNTS", (2, 5, 9, 17, 80))


def test_curves_grow_and_one_set_of_all_is_the_plain_count(compared_atlas, few):
    atlas = Atlas.open(compared_atlas)
    found = trust.curves(atlas, 0, 0.75, 100)
    assert set(found) == {"neurons", "random directions", "weights shuffled"}
    own = found["neurons"]
    assert own.ns == (2, 5, 9, 17)
    assert own.features.shape == (2, 4)  # the neurons of 17 and 18 examples
    assert own.features[0, -1] == atlas.neurons["n_features"][0]
    assert (np.diff(own.features.mean(axis=0)) > 0).all()


def test_the_report_tells_each_layer(compared_atlas, few):
    report = dict(evaluate(compared_atlas, ("trust",)))["trust"]
    told = {each.name: each.value for each in report.figures}
    atlas = Atlas.open(compared_atlas)
    own = atlas.neurons["rarefied_features"][:6]
    own = own[np.isfinite(own)]
    assert told["trust_features_own_layer0_compared"] == pytest.approx(own.mean())
    random = atlas.files[0].random["random_features"]
    assert told["trust_fewer_layer0_compared"] == (own < np.quantile(random, 0.025)).mean()
    assert told["trust_fewer_low_layer0_compared"] <= told["trust_fewer_layer0_compared"]
    assert told["trust_curve_neurons_17_layer0_compared"] == pytest.approx(3, abs=0.1)  # of 2 and 4 meanings
    assert "in the space x ⊙ w, at cut 0.5. At 7 examples (the mean over 200 random sets)" in report.table


def test_the_picture_is_whole(compared_atlas, few):
    picture = dict(evaluate(compared_atlas, ("trust",)))["trust"].pictures["trust"]
    drawn = ElementTree.fromstring(picture)
    texts = {each.text for each in drawn.iter() if each.tag.endswith("text")}
    assert {"layer 0", "layer 2", "examples", "features", "neurons", "random directions", "17"} <= texts
    assert not [value for each in drawn.iter() for value in each.attrib.values() if "nan" in value.split(",")]


def test_twice_the_same(compared_atlas, few):
    one, two = (dict(evaluate(compared_atlas, ("trust",)))["trust"] for _ in range(2))
    assert one == two


def test_the_share_outside_is_counted_and_chance_makes_a_twentieth():
    rng = np.random.default_rng(0)
    own, random = rng.normal(size=2000), rng.normal(size=500)
    for share, low, high in outside(Layer(0, own, random, own, {})):
        assert low <= 0.025 <= high
        assert share == pytest.approx(0.025, abs=0.02)
    fewer, more = outside(Layer(0, own - 10, random, own, {}))
    assert (fewer[0], more[0]) == (1, 0)


def test_layers_without_anything_to_compare():
    none = np.zeros(0)
    assert np.isnan(outside(Layer(0, none, none, none, {}))).all()
    assert Curve((5,), np.zeros((0, 1))).features.shape == (0, 1)


def test_too_few_examples_for_any_curve(compared_atlas):
    report = dict(evaluate(compared_atlas, ("trust",)))["trust"]  # curves need 20 neurons
    assert "layer 0" in report.table
    ElementTree.fromstring(report.pictures["trust"])


def test_the_part_is_run_where_there_is_something_for_it(compared_atlas, tiny_atlas):
    assert "trust" in fitting(Atlas.open(compared_atlas), Options())
    assert "trust" not in fitting(Atlas.open(tiny_atlas), Options())


def test_bad_input_is_exit_code_2_and_one_line(compared_atlas, tiny_atlas, tmp_path, capsys):
    bare = make_atlas(tmp_path / "bare", inputs=False, equal_n=True)
    odd = Path(shutil.copytree(compared_atlas, tmp_path / "odd"))
    raw = json.loads((odd / "manifest.json").read_text())
    (odd / "manifest.json").write_text(json.dumps(raw | {"keep": "most"}))
    for root, words in (
        (tiny_atlas, "holds no random directions: build it again with --rarefy 20"),
        (bare, "holds no inputs of its examples: build it again with --inputs yes"),
        (odd, "keep or max_examples is not what it must be"),
    ):
        assert main(["evaluate", str(root), "--only", "trust"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line
