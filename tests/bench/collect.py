"""Collection compared with the bare Hugging Face forward of the same units, without its unembedding.

All work of collection is included: candidates, x and the sample at the rate of a whole run, every unit's file, the
gathering, and at the end each layer's rows and statistics. The two alternate for each unit, and the least of several
rounds counts.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel

from precompute.config import PRESETS, RunConfig
from precompute.corpus import make_examples, read_documents
from precompute.models.transformer import TransformerSource, open_transformer
from precompute.run.checkpoints import Checkpoints
from precompute.steps.candidates import Rule
from precompute.steps.collect import WINDOW, CollectJob, Gathering, layer_rows, real_positions, unit_candidates
from precompute.steps.sample import layer_statistics, sample_positions
from tests.bench.figures import Figures


def measure(figures: Figures, demo: Path) -> None:
    """Measure 256 examples at GPT2-small's shape, among the densest of a run, and half of the demo's."""
    with tempfile.TemporaryDirectory() as folder:
        gpt2 = gpt2_shape(Path(folder), demo)
        for name, model, units, rounds in (("gpt2-small", gpt2, 8, 2), ("demo", demo, 32, 3)):
            over_forward, speed = ratio(model, PRESETS[name], units, rounds)
            suffix = name.removesuffix("-small")
            figures.add(f"collect_over_forward_{suffix}", over_forward, "x")
            figures.add(f"forward_tokens_per_s_{suffix}", speed, "tokens/s")


def ratio(model_dir: Path, config: RunConfig, units: int, rounds: int) -> tuple[float, float]:
    """Return collection's time over the forward's, and the forward's tokens/s; `config` is of the whole run."""
    source = open_transformer(str(model_dir))
    body = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32).eval().transformer
    job = job_of(source, config, units)
    bare, ours = np.array([one_round(source, body, job) for _ in range(rounds)]).min(axis=0)
    return ours.sum() / bare.sum(), job.tokens.size / bare.sum()


def job_of(source: TransformerSource, config: RunConfig, units: int) -> CollectJob:
    """Return a job of the first units of a run."""
    n = units * config.work_unit
    documents = read_documents("offline")  # every model here has the demo's tokenizer
    examples = make_examples(documents, source.tokenizer, n, config.context)
    allowed = real_positions(examples.lengths, config.context)
    rules = {layer: Rule(config.keep, config.max_examples) for layer in source.layers}
    sample = sample_positions(allowed, config.sample_positions * n // config.examples, config.seed)
    return CollectJob(examples.tokens, examples.lengths, allowed, sample, rules, WINDOW, config.work_unit)


def one_round(source: TransformerSource, body: torch.nn.Module, job: CollectJob) -> np.ndarray:
    """Return seconds [bare or ours, unit]; the last column is the end of collection."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoints, gathering = Checkpoints(Path(folder)), Gathering(job)
        bare, ours = [], []
        for unit in range(job.n_units):
            bare.append(timed(lambda unit=unit: forward(body, job.tokens[job.examples(unit)])))
            ours.append(timed(lambda unit=unit: collection(source, job, unit, gathering, checkpoints)))
        return np.array([[*bare, 0], [*ours, timed(lambda: end(source, job, gathering, checkpoints))]])


def forward(body: torch.nn.Module, tokens: np.ndarray) -> None:
    with torch.inference_mode():
        body(torch.from_numpy(tokens).long(), use_cache=False)


def collection(
    source: TransformerSource, job: CollectJob, unit: int, gathering: Gathering, checkpoints: Checkpoints
) -> None:
    result = unit_candidates(source, job, (unit, gathering.hints()))
    checkpoints.save(unit, result)
    gathering.add(unit, result)


def end(source: TransformerSource, job: CollectJob, gathering: Gathering, checkpoints: Checkpoints) -> None:
    for layer in job.layers:
        layer_rows(job, layer, gathering.candidates(layer), source.layer(layer), checkpoints.load)
        layer_statistics(layer, range(job.n_units), checkpoints.load)


def timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def gpt2_shape(folder: Path, demo: Path) -> Path:
    """Save a checkpoint of GPT2-small's exact shape with seeded random weights, and the demo's tokenizer."""
    torch.manual_seed(0)
    GPT2LMHeadModel(GPT2Config()).save_pretrained(folder)
    AutoTokenizer.from_pretrained(demo).save_pretrained(folder)
    return folder
