"""Inputs of a build from recorded activations: the texts, and what is left out because there is no model."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from ne_core.atlas.file_hash import file_sha256
from ne_core.atlas.manifest import Corpus, Model
from precompute.config import RunConfig
from precompute.corpus import Examples
from precompute.models.recorded import FACTS, Recording

SAMPLED = 8  # examples
LEAST_CORRELATION = 0.5  # some 0.98 for ReLU and GELU; gated neurons multiply by another number


def recorded_config(config: RunConfig, recording: Recording) -> RunConfig:
    """Return the settings of the recording: its context and number of examples, and no masked passes."""
    n_examples, n_ctx = recording.tokens.shape
    return replace(config, examples=min(config.examples, n_examples), context=n_ctx, importance_passes=0)


def recorded_examples(recording: Recording, n: int) -> Examples:
    """Return the first `n` examples."""
    tokens, lengths = recording.tokens[:n], recording.lengths[:n]
    sha256 = hashlib.sha256(np.ascontiguousarray(tokens).tobytes() + lengths.tobytes()).hexdigest()
    inside = np.arange(tokens.shape[1]) < lengths[:, None]
    padded = np.where(inside, tokens, 0).astype(np.int32)
    return Examples(padded, lengths, "one", recording.special_ids, len(tokens), 0, sha256)


def recorded_corpus(recording: Recording, examples: Examples) -> Corpus:
    """Return the manifest's entry about the texts."""
    notes = ["the activations were recorded elsewhere and not computed by this build", *doubts(recording)]
    return Corpus(
        name=recording.corpus,
        sha256=examples.sha256,
        n_documents=examples.n_documents,
        packing=examples.packing,
        notes=notes,
    )


def doubts(recording: Recording) -> list[str]:
    """Describe layers whose activations hardly follow x · W_in + b_in, as if one of them were of another place."""
    notes = []
    for number, layer in recording.layers.items():
        rows = slice(0, SAMPLED)
        pre = np.asarray(layer.x[rows], np.float32) @ layer.weights.W_in + layer.weights.b_in
        r = correlation(np.maximum(pre, 0), np.asarray(layer.activations[rows], np.float32))
        if r < LEAST_CORRELATION:
            notes.append(
                f"layer {number}: the correlation of its activations with the positive part of x · W_in + b_in is "
                f"{r:.2f}: check that x, W_in and b_in are what its neurons read"
            )
    return notes


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return the correlation of all values; 1 where one of them does not vary."""
    a, b = (values.astype(np.float64).ravel() - values.mean() for values in (a, b))
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else 1.0


def recorded_model(recording: Recording) -> Model:
    """Return the manifest's entry about the model, of which only the read weights are known."""
    return Model(
        name=recording.model,
        family="unknown",
        act_fn=recording.act_fn,
        gated=False,
        causal=recording.causal,
        sha256=weights_sha256(recording),
    )


def weights_sha256(recording: Recording) -> str:
    files = [recording.folder / f"{layer}.W_in.npy" for layer in recording.layers]
    lines = (f"{path.name} {file_sha256(path)}\n" for path in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def recorded_files(folder: str) -> list[list[int]]:
    """Return size and date of every file of a recording: a changed one is another run."""
    paths = sorted(path for path in Path(folder).iterdir() if path.suffix == ".npy" or path.name == FACTS)
    return [[path.stat().st_size, path.stat().st_mtime_ns] for path in paths]
