"""Trees of a further embedding in an atlas: required where the manifest names them, checked, and optional."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.other_trees import stored_neuron
from ne_core.atlas.verify import verify
from ne_core.errors import AtlasError
from ne_core.refs import NeuronRef
from tests.support.hostile import change_array, copy_atlas, manifest_of, set_manifest

FOLDER = "layers/00"


@pytest.fixture
def copy(two_trees_atlas, tmp_path):
    return copy_atlas(two_trees_atlas, tmp_path / "atlas")


def test_atlas_with_two_trees_is_valid(two_trees_atlas):
    assert list(verify(two_trees_atlas)) == []
    assert stored_neuron(Atlas.open(two_trees_atlas), NeuronRef(0, 2)).embedding == "pre_mlp"


def test_older_atlases_have_none(tiny_atlas):
    assert "other_trees" not in manifest_of(tiny_atlas)
    assert Atlas.open(tiny_atlas).files[0].other_trees is None


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("other_trees", lambda trees: np.zeros_like(trees), "not a tree"),
        ("other_trees", lambda trees: trees[:-1], "schema says"),
        ("other_merge_central", lambda rows: rows + 1000, "points outside"),
        ("other_center_distance", lambda distances: distances + 3, "out of range"),
        ("other_suggested_cut", lambda cuts: np.full_like(cuts, 9), "out of range"),
    ],
)
def test_damaged_trees_are_refused_in_one_line(name, change, problem, copy):
    change_array(copy, f"{FOLDER}/{name}.npy", change)
    with pytest.raises(AtlasError, match=problem) as error:
        Atlas.open(copy)
    assert "\n" not in str(error.value)


def test_missing_file_is_refused(copy):
    files = manifest_of(copy)["files"]
    del files[f"{FOLDER}/other_trees.npy"]
    set_manifest(copy, files=files)
    with pytest.raises(AtlasError, match="does not list layers/00/other_trees"):
        Atlas.open(copy)


def test_trees_of_the_atlas_own_embedding_contradict(copy):
    set_manifest(copy, other_trees={"embedding": "neuron", "cut": 0.5})
    with pytest.raises(AtlasError, match="embedding and other_trees do not agree"):
        Atlas.open(copy)


def test_verify_finds_a_central_example_of_another_branch(copy):
    def first_branch_wrong(central: np.ndarray) -> np.ndarray:
        first = Atlas.open(copy).files[0].other_trees["other_trees"][0, :2]
        central[0] = next(row for row in range(3) if row not in first)
        return central

    change_array(copy, f"{FOLDER}/other_merge_central.npy", first_branch_wrong)
    assert any("other_merge_central.npy has a central example" in problem for problem in verify(copy))
