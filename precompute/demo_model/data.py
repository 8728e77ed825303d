"""What the demo model reads: token streams of the corpus, the windows of every step, and which tokens are masked."""

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
    """Token streams: training; a fifth of the held-out documents for choices; the rest for the figures."""

    train: Integer[np.ndarray, " n_train"]
    tune: Integer[np.ndarray, " n_tune"]
    test: Integer[np.ndarray, " n_test"]


def streams(tokenizer: PreTrainedTokenizerBase, train: list[str], held_out: list[str]) -> Streams:
    tune = [text for text in held_out if _is_for_choices(text)]
    test = [text for text in held_out if not _is_for_choices(text)]
    return Streams(*(token_stream(tokenizer, texts) for texts in (train, tune, test)))


def _is_for_choices(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] < 256 // 5


def corpus_texts(workers: int) -> tuple[list[str], list[str], str]:
    """Texts of the training packages and of the held-out ones, and the hash of the former."""
    train = documents("train", workers=workers)
    train_texts = [document.text for document in train]
    return train_texts, [document.text for document in documents("held_out", workers=workers)], train.sha256


def inputs_at(
    stream: Integer[np.ndarray, " n_tokens"], starts: Int[np.ndarray, " batch"], n_ctx: int, end: int
) -> Int[np.ndarray, "batch n_ctx"]:
    """Windows that begin with the end token; the next-token targets are `stream[starts + 0 .. n_ctx - 1]`."""
    windows = targets_at(stream, starts, n_ctx)
    return np.concatenate([np.full((len(starts), 1), end), windows[:, :-1]], axis=1)


def targets_at(
    stream: Integer[np.ndarray, " n_tokens"], starts: Int[np.ndarray, " batch"], n_ctx: int
) -> Int[np.ndarray, "batch n_ctx"]:
    return stream[starts[:, None] + np.arange(n_ctx)].astype(np.int64)


def starts_of_step(n_tokens: int, n_ctx: int, batch: int, step: int, seed: int) -> Int[np.ndarray, " batch"]:
    """Where the windows of a step begin: every epoch is a permutation of the windows, shifted by its own offset."""
    n_windows = n_tokens // n_ctx - 1
    if n_windows < 1:
        raise ValueError(f"{n_tokens} training tokens: at least {2 * n_ctx} make one window of {n_ctx}")
    epochs, ranks = np.divmod(np.arange(step * batch, (step + 1) * batch), n_windows)
    return np.array(
        [_epoch(n_windows, n_ctx, epoch, seed)[rank] for epoch, rank in zip(epochs.tolist(), ranks, strict=True)]
    )


@lru_cache(maxsize=2)
def _epoch(n_windows: int, n_ctx: int, epoch: int, seed: int) -> Int[np.ndarray, " n_windows"]:
    random = np.random.default_rng((seed, epoch))
    return random.integers(n_ctx) + n_ctx * random.permutation(n_windows)


def masked_positions(
    shape: tuple[int, int], share_rows: float, share_tokens: float, step: int, seed: int
) -> Bool[np.ndarray, "batch n_ctx"]:
    """Which inputs of a step are replaced by the mask token; never the first position."""
    random = np.random.default_rng((seed, step, 1))
    masked = (random.random((shape[0], 1)) < share_rows) & (random.random(shape) < share_tokens)
    masked[:, 0] = False
    return masked
