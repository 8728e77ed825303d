"""Density of features: a file that an atlas may have, by hand; carried by archives, and refused when damaged."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.manifest import Density
from ne_core.atlas.verify import verify
from ne_core.errors import AtlasError
from ne_core.queries.density import density, density_words, percent
from ne_core.refs import FeatureRef
from ne_core.sharing.archive.packing import pack
from ne_core.sharing.archive.unpacking import unpack
from precompute.write.density import add_density
from tests.support.hostile import copy_atlas, manifest_of, replace_array, set_fields, set_values

POSITIONS = 1000
REF = FeatureRef(0, 0, 1)


@pytest.fixture
def counted(tiny_atlas, tmp_path):
    """The planted atlas with REF firing on 100 of 1,000 tokens, and every other feature on none."""
    root = copy_atlas(tiny_atlas, tmp_path / "planted")
    atlas = Atlas.open(root)
    fires = np.zeros(len(atlas.features["layer"]), dtype=np.int64)
    fires[atlas.feature_id(REF)] = 100
    add_density(atlas, fires, Density(0.5, POSITIONS))
    return root


def test_a_count_is_a_share_with_its_wilson_interval(counted):
    result = density(Atlas.open(counted), REF)
    assert (result.fires, result.positions, result.threshold) == (100, POSITIONS, 0.5)
    assert (result.low, result.high) == pytest.approx((0.0829, 0.1202), abs=1e-4)  # as tables of the interval have it
    assert density_words(REF, result) == (
        "Feature 1 fires on 10 % of the corpus’s 1,000 tokens (8.3–12 %), at 50 % of its neuron’s maximum or more."
    )
    nothing = density(Atlas.open(counted), FeatureRef(0, 0, 0))
    assert nothing.low == 0
    assert "fires on 0 % of" in density_words(FeatureRef(0, 0, 0), nothing)


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0"), (1.0, "100"), (0.1, "10"), (0.0123, "1.2"), (0.00012, "0.012"), (1e-8, "0.0000010")]
)
def test_percent_has_two_digits(share, text):
    assert percent(share) == text


def test_the_rest_of_the_atlas_stays_and_an_older_one_opens_without(counted, tiny_atlas):
    before, after = manifest_of(tiny_atlas), manifest_of(counted)
    assert {name: each for name, each in after["files"].items() if name != "density.npy"} == before["files"]
    assert {name for name in after if after[name] != before.get(name)} == {"density", "files"}
    assert list(verify(counted)) == []
    older = Atlas.open(tiny_atlas)
    assert older.fires is None
    assert density(older, REF) is None


def test_counting_again_replaces_the_counts(counted):
    atlas = Atlas.open(counted)
    add_density(atlas, atlas.fires + 1, Density(0.75, POSITIONS))
    assert density(Atlas.open(counted), REF).fires == 101
    assert list(verify(counted)) == []


def test_archives_carry_it(counted, tmp_path):
    pack(counted, tmp_path / "a.atlas.zip", inputs=False)
    unpack(tmp_path / "a.atlas.zip", tmp_path / "unpacked")
    assert density(Atlas.open(tmp_path / "unpacked"), REF).fires == 100


DAMAGES = {
    "a negative count": set_values("density.npy", 0, -1),
    "more than there are tokens": set_values("density.npy", 0, POSITIONS + 1),
    "a feature less": replace_array("density.npy", lambda a: a[:-1].copy()),
    "another dtype": replace_array("density.npy", lambda a: a.astype(np.float32)),
    "a share above 1": set_fields(density={"share": 2, "positions": POSITIONS}),
    "no tokens": set_fields(density={"share": 0.5, "positions": 0}),
    "another kind of facts": set_fields(density="often"),
    "a missing file": lambda root: (root / "density.npy").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_is_refused_in_one_line(counted, damage):
    DAMAGES[damage](counted)
    with pytest.raises(AtlasError) as error:
        Atlas.open(counted)
    assert "\n" not in str(error.value)
