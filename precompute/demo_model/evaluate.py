"""Evaluate the demo model on held-out packages against a trigram model of the same tokens."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from precompute.demo_model import data
from precompute.demo_model.quiet import quiet
from precompute.demo_model.step import token_losses
from precompute.demo_model.tokenizer import END
from precompute.demo_model.trigram import Trigram

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluation:
    """Mean nats per token of both models on the same tokens."""

    model: float
    trigram: float
    n_tokens: int

    @property
    def advantage(self) -> float:
        return self.trigram - self.model

    def __str__(self) -> str:
        return (
            f"held-out packages, {self.n_tokens:,} tokens, nats per token\n"
            f"  demo model            {self.model:.3f}\n"
            f"  interpolated trigram  {self.trigram:.3f}\n"
            f"  difference            {self.advantage:.3f}"
        )


def evaluate_demo(folder: Path, workers: int = 2) -> Evaluation:
    """Count the trigrams of the model's training tokens, and evaluate both models on the held-out packages."""
    quiet()
    for name in ("config.json", "model.safetensors", "tokenizer.json", "training.json"):
        if not (folder / name).exists():
            raise ValueError(f"{folder} has no {name}: give a folder that train-demo wrote")
    train, held_out, sha256 = data.corpus_texts(workers)
    if sha256 != json.loads((folder / "training.json").read_text())["corpus_sha256"]:
        logger.warning("%s was trained on another version of the corpus than the one installed here", folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
    return compare(model, data.streams(tokenizer, train, held_out), tokenizer.convert_tokens_to_ids(END))


def compare(model: PreTrainedModel, streams: data.Streams, end: int) -> Evaluation:
    """Evaluate both models on the tokens that both predict. The trigram model also sees across window borders."""
    trigram = Trigram(streams.train, model.config.vocab_size).fit(streams.tune)
    nats = token_losses(model, streams.test, model.config.n_positions, end)
    trigram_nats = -np.log(trigram.probabilities(streams.test[: len(nats)]))
    return Evaluation(float(nats[2:].mean()), float(trigram_nats.mean()), len(trigram_nats))
