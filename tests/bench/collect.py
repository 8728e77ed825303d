"""Collection over the bare Hugging Face forward of the same batches, without its unembedding; the two take turns."""

import time
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel

BATCH, CONTEXT = 8, 128


def ratio(model_dir: Path, batches: int, rounds: int) -> tuple[float, float]:
    """Collection's time over the forward's (the least of `rounds` each), and the forward's tokens per second."""
    from precompute.sources.transformer import open_transformer

    source = open_transformer(str(model_dir))
    body = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32).eval().transformer
    tokens = corpus(source, batches)
    pairs = [(timed(lambda: forward(body, tokens)), timed(lambda: collection(source, tokens))) for _ in range(rounds)]
    bare, ours = np.array(pairs).min(axis=0)
    return ours / bare, tokens.size / bare


def corpus(source, batches: int) -> np.ndarray:
    """Tokens of the offline corpus where the tokenizer is the demo's; every model here has that tokenizer."""
    from precompute.texts import make_examples, read_documents

    return make_examples(read_documents("offline"), source.tokenizer, batches * BATCH, CONTEXT).tokens


def collection(source, tokens: np.ndarray) -> None:
    from precompute.collect import collect_tokens

    collect_tokens(source, tokens, work_unit=BATCH)


def forward(body, tokens: np.ndarray) -> None:
    with torch.inference_mode():
        for start in range(0, len(tokens), BATCH):
            body(torch.from_numpy(tokens[start : start + BATCH]).long())


def timed(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def gpt2_shape(folder: Path, demo: Path) -> Path:
    """A checkpoint of GPT2-small's exact shape with seeded random weights, and the demo's tokenizer."""
    torch.manual_seed(0)
    GPT2LMHeadModel(GPT2Config()).save_pretrained(folder)
    AutoTokenizer.from_pretrained(demo).save_pretrained(folder)
    return folder
