"""A build with --near-duplicates drop: the examples that are left are the first of each of a build that keeps all."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.verify import verify
from ne_core.queries.duplicates import distinct_rows
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from tests.support.tiny_models import tiny_checkpoint

pytestmark = pytest.mark.slow  # two builds; tests/precompute/steps/test_distinct.py has the rows
OPTIONS = "--examples 60 --context 24 --layers 1 --window 6,3 --rarefy 6 --directions 10 --device cpu --work-unit 16"


@pytest.fixture(scope="module")
def atlases(tmp_path_factory) -> dict[str, Atlas]:
    place = tmp_path_factory.mktemp("duplicates")
    tiny_checkpoint("gpt2", place / "model")
    words = [" ".join(np.random.default_rng(i).choice(list("abcdefgh"), size=40)) for i in range(20)]
    (place / "corpus.txt").write_text("\n\n".join(words * 3))  # every text three times
    paths = ["--model", str(place / "model"), "--corpus", str(place / "corpus.txt"), "--packing", "one"]
    for choice in ("keep", "drop"):
        out = [
            "--out",
            str(place / choice),
            "--near-duplicates",
            choice,
            "--importance-passes",
            "0",
            "--contributions",
            "no",
        ]
        assert main(["build", *paths, *OPTIONS.split(), *out]) == 0
    return {choice: Atlas.open(place / choice) for choice in ("keep", "drop")}


def test_examples_left_are_the_first_of_each(atlases):
    every, dropped = atlases["keep"], atlases["drop"]
    assert [atlas.manifest.near_duplicates for atlas in (every, dropped)] == ["kept", "dropped"]
    for number in range(every.n_neurons(1)):
        before, after = (atlas.neuron(NeuronRef(1, number)) for atlas in (every, dropped))
        rows = distinct_rows(every, before)
        np.testing.assert_array_equal(after.example, before.example[rows])
        np.testing.assert_array_equal(after.pos, before.pos[rows])
        assert len(distinct_rows(dropped, after)) == len(after)
    assert dropped.neurons["n_examples"].sum() < every.neurons["n_examples"].sum()
    verify(dropped.root)


def test_random_directions_have_no_duplicates_either(atlases):
    """Repeated texts have distance 0, so that the mean distance of a direction's examples rises without them."""
    distances = {choice: atlas.files[1].random["random_distance"] for choice, atlas in atlases.items()}
    assert np.nanmean(distances["drop"]) > np.nanmean(distances["keep"])
