"""Evaluation of assignments: unseen examples are not in the atlas, and planted sources are recovered."""

import numpy as np
import pytest

from ne_core.refs import NeuronRef
from precompute.__main__ import main
from precompute.evaluate.assigned import assignments, unlike_rates, unseen_examples
from precompute.evaluate.assigned.accuracy import correct_sources, expected_features, feature_joined
from precompute.evaluate.assigned.evaluate import TITLES, Sizes, prompt_figures
from precompute.evaluate.assigned.unseen import last_stored
from precompute.evaluate.planted.sources import Planted
from precompute.live.windows import corpus_windows


def test_unseen_examples_come_after_the_last_stored_one(reader):
    reader = reader("folded")
    unseen = unseen_examples(reader, 40, each=2)
    assert sum(len(part.neuron) for part in unseen) > 20
    for part in unseen:
        sizes = np.diff(reader.atlas.files[part.layer].offsets)
        assert (sizes[part.neuron] == reader.atlas.manifest.max_examples).all()
        assert np.bincount(part.neuron).max(initial=0) <= 2
        last = last_stored(reader, part.layer)
        assert (last[part.neuron] < len(reader.atlas.tokens)).all()


def test_most_unseen_examples_are_assigned_to_the_feature_that_the_tree_gives_them(reader):
    reader = reader("folded")
    result = assignments(reader, unseen_examples(reader, 40, each=2))
    assert result.accuracy(result.by_distance) > 0.8
    assert result.accuracy(result.by_number) > 0.5


def test_a_copy_of_a_member_joins_its_feature(reader):
    """Up to a few: one more example can move a join across the cut."""
    reader = reader("folded")
    row = int(np.argmax(reader.atlas.neurons["n_features"]))
    ref = NeuronRef(int(reader.atlas.neurons["layer"][row]), int(reader.atlas.neurons["neuron"][row]))
    x, feature = np.asarray(reader.atlas.neuron_inputs(ref), np.float32), reader.atlas.neuron(ref).feature
    correct = [expected_features(reader, ref, x[i : i + 1])[0] == feature[i] for i in range(len(x))]
    assert np.mean(correct) >= 0.8


def test_feature_joined_by_hand():
    assert feature_joined(np.array([0, 0, 1, 0]), np.array([2, 2, 5])) == 2
    assert feature_joined(np.array([0, 0, 0, 1]), np.array([2, 2, 5])) == -1


def test_orthogonal_planted_sources_are_recovered():
    units = np.repeat(np.eye(2, 4, dtype=np.float32), 6, axis=0)
    planted = Planted(units, np.repeat([0, 1], 6), np.zeros((4, 2), dtype=np.float32))
    assert correct_sources(planted, units).tolist() == [1.0] * 6


def test_rates_of_unlike_firings_are_shares_and_nan_without_texts(reader):
    corpus, shuffled = unlike_rates(reader("folded"), 32, 0.75)
    assert 0 <= corpus <= 1
    assert 0 <= shuffled <= 1
    assert np.isnan(unlike_rates(reader("folded"), 0, 0.75)).all()


@pytest.mark.parametrize("kind", ["folded", "encoder"])
def test_corpus_windows_are_the_examples(reader, kind):
    reader = reader(kind)
    windows = list(corpus_windows(reader, reader.atlas))
    np.testing.assert_array_equal(np.concatenate([each.tokens for each in windows]), reader.atlas.tokens)
    np.testing.assert_array_equal(np.concatenate([each.text for each in windows]), np.arange(len(reader.atlas.tokens)))


def test_the_part_of_the_evaluation_has_the_figures_of_its_pieces(reader, built):
    folded, quick = reader("folded"), Sizes(unseen=6, planted=1, unlike=8)
    figures = {each.name: each.value for each in prompt_figures(folded, quick)}
    unseen = assignments(folded, unseen_examples(folded, 6))
    corpus, shuffled = unlike_rates(folded, 8, quick.share)
    assert figures["assigned_right_folded"] == unseen.accuracy(unseen.by_distance)
    assert figures["assigned_n_folded"] == len(unseen.assigned)
    assert figures["unlike_rate_beyond_folded"] == unseen.unlike.mean()
    assert (figures["unlike_rate_folded"], figures["unlike_rate_shuffled_folded"]) == (corpus, shuffled)
    assert {name.removesuffix("_folded") for name in figures} == set(TITLES)


@pytest.mark.slow
def test_the_command_measures_the_part_with_a_model_that_is_named(built, place, capsys):
    options = ["--only", "prompt", "--quick", "--model", str(place / "models" / "gpt2")]
    assert main(["evaluate", str(built("folded")), *options]) == 0
    assert "unlike its feature, held-out examples" in capsys.readouterr().out
    assert main(["evaluate", str(built("lacking")), *options]) == 2
    assert "holds no inputs" in capsys.readouterr().err
