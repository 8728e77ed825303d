"""Files of a lab: round trip, and one-line errors for damaged or hostile ones."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.open_lab import open_lab
from ne_core.atlas.verify import verify
from ne_core.errors import AtlasError
from ne_core.lab.units import latent
from ne_core.refs import NeuronRef
from ne_core.sharing.atomic_write import WriteError
from precompute.autoencoders.lab.write import write_lab
from tests.support.hostile import (
    ODD_VALUES,
    copy_atlas,
    flip_bytes,
    link_out,
    manifest_of,
    replace_array,
    replace_columns,
    replace_file,
    seal,
    set_manifest,
    set_values,
    truncate,
)
from tests.support.planted_lab import D_SAE, NE, RUNS, STANDARD, lab_json, planted_arrays, planted_lab

FILES = ["lab/lab.json", "lab/runs.parquet", "lab/labels.npy", "lab/W_enc.npy", "lab/mlp_b_out.npy"]


@pytest.fixture
def copy(lab_atlas, tmp_path):
    return copy_atlas(lab_atlas, tmp_path / "copy")


def test_round_trip(lab_atlas):
    lab, planted = open_lab(Atlas.open(lab_atlas)), planted_lab()
    assert lab.n_runs == len(RUNS)
    assert lab.d_sae == D_SAE
    assert lab.shape == (4, 4)
    assert lab.facts == {**planted.facts, "lab_version": 1}
    np.testing.assert_array_equal(lab.labels, planted.labels)
    np.testing.assert_allclose(lab.hidden, planted.hidden)
    for name, values in planted.runs.items():
        np.testing.assert_array_equal(lab.runs[name], values)
    for part, values in planted.weights.items():
        np.testing.assert_allclose(lab.weights[part], values, atol=1e-3)


def test_atlas_with_a_lab_is_valid(lab_atlas):
    assert list(verify(lab_atlas)) == []


@pytest.mark.parametrize(("layer", "run"), [(0, STANDARD), (1, NE)])
def test_lab_units_have_the_examples_of_the_atlas(lab_atlas, layer, run):
    atlas = Atlas.open(lab_atlas)
    lab = open_lab(atlas)
    for number in range(D_SAE):
        neuron = atlas.neuron(NeuronRef(layer, number))
        assert latent(lab, run, number).examples.tolist() == neuron.example.tolist()


def test_atlas_without_a_lab(tiny_atlas):
    assert open_lab(Atlas.open(tiny_atlas)) is None


def refusal(root) -> str:
    """Error message of opening the lab; empty if it opens."""
    try:
        open_lab(Atlas.open(root))
    except AtlasError as error:
        return str(error)
    return ""


@pytest.mark.fast("lab_version", "cut", "settings", "mlp")
@pytest.mark.parametrize("field", ["lab_version", *planted_arrays().facts])
def test_odd_facts_are_read_or_refused_in_one_short_line(copy, field):
    facts = lab_json(copy)
    for value in ODD_VALUES:
        replace_file("lab/lab.json", json.dumps(facts | {field: value}).encode())(copy)
        message = refusal(copy)
        assert "\n" not in message
        assert len(message) < 600


@pytest.mark.parametrize("field", sorted(set(planted_arrays().facts) - {"data", "mlp", "settings"}))
def test_facts_used_in_computations_are_checked(copy, field):
    replace_file("lab/lab.json", json.dumps(lab_json(copy) | {field: None}).encode())(copy)
    refused(copy, field)


@pytest.mark.parametrize("contents", [b"", b"[]", b"3", b"{", b"null", b"[" * 10**5, b" " * (2**20 + 1)])
def test_invalid_json_is_refused(copy, contents):
    replace_file("lab/lab.json", contents)(copy)
    refused(copy, "lab.json")


DAMAGE = {
    "a label of no class": (set_values("lab/labels.npy", 3, 3), "labels.npy points outside"),
    "a negative label": (set_values("lab/labels.npy", 3, -1), "labels.npy points outside"),
    "too few labels": (replace_array("lab/labels.npy", lambda a: a[:-1]), "labels.npy holds"),
    "a weight that is no number": (set_values("lab/W_enc.npy", (0, 0, 0), np.nan), "W_enc.npy holds numbers"),
    "an infinite bias": (set_values("lab/b_dec.npy", (0, 0), np.inf), "b_dec.npy holds numbers"),
    "a huge bias": (set_values("lab/mlp_b_in.npy", 0, 1e30), "mlp_b_in.npy holds numbers"),
    "other pixels": (replace_array("lab/mlp_W_in.npy", lambda a: a[:-1]), "mlp_W_in.npy holds"),
    "another hidden layer": (replace_array("lab/W_enc.npy", lambda a: a[:, :-1]), "W_enc.npy holds"),
    "fewer runs in one file": (replace_array("lab/b_enc.npy", lambda a: a[:-1]), "b_enc.npy holds"),
    "other classes": (replace_array("lab/mlp_b_out.npy", lambda a: a[:-1]), "mlp_b_out.npy holds"),
    "no runs": (replace_columns("lab/runs.parquet", run=np.full(len(RUNS), 1, np.int32)), "does not list the 6 runs"),
    "a missing column": (replace_columns("lab/runs.parquet", l0=None), "has no column 'l0'"),
    "a measure that is no number": (
        replace_columns("lab/runs.parquet", fvu=np.full(len(RUNS), np.nan)),
        "numbers out of range",
    ),
    "a negative weight of a loss": (
        replace_columns("lab/runs.parquet", lambda1=np.full(len(RUNS), -1.0)),
        "numbers out of range",
    ),
    "no standard run": (replace_columns("lab/runs.parquet", lambda2=np.ones(len(RUNS))), "which it is not"),
    "brighter pixels": (set_values("images.npy", (0, 0, 0), 200), "pixel_max"),
    "an array of objects": (replace_file("lab/b_enc.npy", b"\x93NUMPY\x01\x00v\x00{'descr': '|O'}"), "cannot be read"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_files_are_refused_in_one_line(copy, name):
    damage, says = DAMAGE[name]
    damage(copy)
    refused(copy, says)
    assert any(says in line for line in verify(copy))


def refused(root, says: str) -> None:
    with pytest.raises(AtlasError) as caught:
        open_lab(Atlas.open(root))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("limit", ["MOST_WORK", "MOST_LATENTS", "MOST_RUNS"])
def test_lab_too_large_for_a_page_is_refused(lab_atlas, limit, monkeypatch):
    """The planted lab has 16 × 4² steps, 8 latents and 6 runs."""
    monkeypatch.setattr(f"ne_core.atlas.checks.lab.{limit}", 5)
    refused(lab_atlas, "too many for a page" if limit == "MOST_WORK" else "the maximum that a page can show")


def test_file_missing_from_the_manifest_is_refused(copy):
    files = manifest_of(copy)["files"]
    del files["lab/b_dec.npy"]
    set_manifest(copy, files=files)
    refused(copy, "does not list lab/b_dec.npy")


def test_link_out_of_the_atlas_is_refused(copy):
    link_out(copy, "lab/W_dec.npy")
    refused(copy, "is a link")
    os.unlink(copy / "lab" / "W_dec.npy")


def test_lab_in_an_atlas_of_texts_is_refused(tiny_atlas, lab_atlas, tmp_path):
    root = copy_atlas(tiny_atlas, tmp_path / "texts")
    copy_atlas(lab_atlas / "lab", root / "lab")
    theirs = {name: entry for name, entry in manifest_of(lab_atlas)["files"].items() if name.startswith("lab/")}
    set_manifest(root, files={**manifest_of(root)["files"], **theirs})
    seal(root)
    refused(root, "needs an atlas of images")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", [flip_bytes, truncate])
def test_changed_bytes_never_raise_other_errors(copy, file, damage):
    rng, good = np.random.default_rng(5), (copy / file).read_bytes()
    for _ in range(12):
        replace_file(file, damage(rng, good))(copy)
        assert "\n" not in refusal(copy)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"facts": {}}, "lab.json: classes, cut, data, "),
        ({"runs": {**planted_arrays().runs, "odd": np.zeros(6)}}, "lambda2, max_distance, mean_distance"),
        ({"W_enc": np.full((6, 4, 8), 1e9)}, "W_enc.npy: numbers are out of range for float16"),
        ({"labels": np.full(150, 2**20)}, "labels.npy holds numbers that do not fit int16"),
    ],
)
def test_values_that_do_not_fit_are_not_written(tmp_path, change, says):
    with pytest.raises(WriteError) as caught:
        write_lab(tmp_path, replace(planted_arrays(), **change))
    assert says in str(caught.value)
