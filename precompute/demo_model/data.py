"""Data of the demo model: token streams of the corpus, the windows of every step, and the masked positions."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Int, Integer
from transformers import PreTrainedTokenizerBase

from precompute.corpus.offline import documents
from precompute.demo_model.tokenizer import token_stream


@dataclass(frozen=True)
class Streams:
    """Token streams: training; a fifth of the held-out documents for tuning; the rest for the figures."""

    train: Integer[np.ndarray, " n_train"]
    tune: Integer[np.ndarray, " n_tune"]
    test: Integer[np.ndarray, " n_test"]


def streams(tokenizer: PreTrainedTokenizerBase, train: list[str], held_out: list[str]) -> Streams:
    tune = [text for text in held_out if _is_for_tuning(text)]
    test = [text for text in held_out if not _is_for_tuning(text)]
    return Streams(*(token_stream(tokenizer, texts) for texts in (train, tune, test)))


def _is_for_tuning(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] < 256 // 5


def corpus_texts(workers: int) -> tuple[list[str], list[str], str]:
    """Texts of the training packages and of the held-out packages, and the hash of the former."""
    train = documents("train", workers=workers)
    train_texts = [document.text for document in train]
    return train_texts, [document.text for document in documents("held_out", workers=workers)], train.sha256


def windows_with_end(
    stream: Integer[np.ndarray, " n_tokens"], starts: Int[np.ndarray, " batch"], n_ctx: int, end: int
) -> Int[np.ndarray, "batch n_ctx"]:
    """Inputs: windows that begin with the end token, each followed by the first n_ctx − 1 tokens of its targets."""
    targets = windows(stream, starts, n_ctx)
    return np.concatenate([np.full((len(starts), 1), end), targets[:, :-1]], axis=1)


def windows(
    stream: Integer[np.ndarray, " n_tokens"], starts: Int[np.ndarray, " batch"], n_ctx: int
) -> Int[np.ndarray, "batch n_ctx"]:
    """Windows of `n_ctx` tokens that begin at the given starts: the next-token targets."""
    return stream[starts[:, None] + np.arange(n_ctx)].astype(np.int64)


def starts_of_step(n_tokens: int, n_ctx: int, batch: int, step: int, seed: int) -> Int[np.ndarray, " batch"]:
    """Starts of the windows of a step: every epoch is a permutation of the windows, shifted by a random offset."""
    n_windows = n_tokens // n_ctx - 1
    if n_windows < 1:
        raise ValueError(f"{n_tokens} training tokens: at least {2 * n_ctx} are needed for one window of {n_ctx}")
    epochs, ranks = np.divmod(np.arange(step * batch, (step + 1) * batch), n_windows)
    return np.array(
        [_epoch(n_windows, n_ctx, epoch, seed)[rank] for epoch, rank in zip(epochs.tolist(), ranks, strict=True)]
    )


@lru_cache(maxsize=2)
def _epoch(n_windows: int, n_ctx: int, epoch: int, seed: int) -> Int[np.ndarray, " n_windows"]:
    rng = np.random.default_rng((seed, epoch))
    return rng.integers(n_ctx) + n_ctx * rng.permutation(n_windows)


def masked_positions(
    shape: tuple[int, int], share_rows: float, share_tokens: float, step: int, seed: int
) -> Bool[np.ndarray, "batch n_ctx"]:
    """Mask of the inputs of a step that the mask token replaces; never the first position."""
    rng = np.random.default_rng((seed, step, 1))
    masked = (rng.random((shape[0], 1)) < share_rows) & (rng.random(shape) < share_tokens)
    masked[:, 0] = False
    return masked
