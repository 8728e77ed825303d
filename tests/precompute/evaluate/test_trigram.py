"""The trigram model against probabilities computed by hand."""

import numpy as np
import pytest

from precompute.demo_model.trigram import N_BUCKETS, Trigram, Weights, _buckets

A, B, C = 0, 1, 2
TRAIN = np.array([A, B, C, A, B, C, A, B, A], dtype=np.uint16)


def with_weights(trigram: float, bigram: float, unigram: float) -> Trigram:
    model = Trigram(TRAIN, vocab_size=3)
    model.weights = Weights(np.full(N_BUCKETS, trigram), np.full(N_BUCKETS, bigram), np.array([unigram]))
    return model


@pytest.mark.parametrize(
    ("weights", "p"),
    [
        ((1.0, 0.0, 0.0), 2 / 3),  # C after A B: two of three
        ((0.0, 1.0, 0.0), 2 / 3),  # C after B: two of three
        ((0.0, 0.0, 1.0), 2 / 9),  # C: two of nine
        ((0.0, 0.0, 0.0), 1 / 3),  # one of three tokens
        ((0.5, 0.5, 0.5), 0.5 * 2 / 3 + 0.25 * 2 / 3 + 0.125 * 2 / 9 + 0.125 / 3),
    ],
)
def test_probabilities_match_hand_computed_values(weights, p):
    assert with_weights(*weights).probabilities(np.array([A, B, C])) == pytest.approx([p])


@pytest.mark.parametrize("context", [(A, B), (B, A), (C, C)])
def test_probabilities_of_all_next_tokens_sum_to_one(context):
    model = with_weights(0.7, 0.6, 0.9)
    assert sum(model.probabilities(np.array([*context, w]))[0] for w in (A, B, C)) == pytest.approx(1)


def test_context_counts_leave_out_the_last_token():
    # the last A has no successor: A is followed by B in three of three cases
    assert with_weights(0.0, 1.0, 0.0).probabilities(np.array([C, A, B])) == pytest.approx([1])


def test_buckets_double():
    assert _buckets(np.array([0, 1, 2, 3, 4, 7, 8])).tolist() == [0, 1, 2, 2, 3, 3, 4]


def test_fit_improves_the_likelihood():
    rng = np.random.default_rng(0)
    train, tune = (np.stack([rng.integers(0, 9, n), np.full(n, 9)], 1).ravel() for n in (5000, 1000))
    before, after = Trigram(train, 10), Trigram(train, 10).fit(tune)
    before.weights = Weights(np.full(N_BUCKETS, 0.5), np.full(N_BUCKETS, 0.5), np.full(1, 0.9))
    assert np.log(after.probabilities(tune)).mean() > np.log(before.probabilities(tune)).mean()
    # half of the tokens are certain, the others one of nine
    assert -np.log(after.probabilities(tune)).mean() == pytest.approx(0.5 * np.log(9), abs=0.01)


def test_em_never_lowers_the_likelihood(monkeypatch):
    rng = np.random.default_rng(1)
    train, tune = rng.integers(0, 20, 3000) ** 2 // 20, rng.integers(0, 20, 800) ** 2 // 20
    likelihoods = []
    for rounds in range(6):
        monkeypatch.setattr("precompute.demo_model.trigram.EM_ROUNDS", rounds)
        likelihoods.append(np.log(Trigram(train, 20).fit(tune).probabilities(tune)).mean())
    assert np.all(np.diff(likelihoods) >= -1e-12)
    assert likelihoods[-1] > likelihoods[0]


def test_missing_weights_error_names_fit():
    with pytest.raises(ValueError, match="call fit"):
        Trigram(TRAIN, 3).probabilities(TRAIN)
