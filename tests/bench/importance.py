"""Token importance compared with two simpler methods for the same numbers, at GPT2-small's shape, in turns.

*Prompt masking* runs the full prompt once for every masked position; *per neuron* runs it once for every (neuron,
example, masked position). Both are plain transformers in batches of as many tokens as ours, stopped after the last
layer that is read; both are timed on a random sample and scaled to the passes that the whole would need.
"""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from transformers import AutoModelForCausalLM, PreTrainedModel

from precompute.corpus import make_examples, read_documents
from precompute.models.transformer import TransformerSource, masking, open_transformer
from precompute.steps.importance import ImportanceJob, Limits, gathered, unit_importances, units
from precompute.steps.importance.budget import positions_back
from precompute.steps.importance.job import RequestedRows
from tests.bench.collect import gpt2_shape, timed
from tests.bench.figures import Figures

CONTEXT, BACK, BASELINE = 128, 20, "mean-embedding"
BATCH = masking.TOKENS_PER_PASS["cpu"] // CONTEXT
N_LAYERS, N_NEURONS = 12, 3072
# rows of one example, at 100 rows for each of GPT2-small's neurons among 10,000 examples
ROWS_PER_EXAMPLE = N_LAYERS * N_NEURONS * 100 // 10_000
EXAMPLES, UNITS, BATCHES, ROUNDS = 4, 2, 2, 2  # BATCHES: of prompt masking for each unit

# index in the batch, position and neuron of the activations read in one layer
Read = tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"], Int[np.ndarray, " n"]]


class Done(Exception):
    """Raised to stop the forward after the last layer that is read."""


def measure(figures: Figures, demo: Path) -> None:
    """Measure both speed-ups, masked passes a second, and the difference from naive activations, in minutes."""
    with tempfile.TemporaryDirectory() as folder:
        model_dir = gpt2_shape(Path(folder), demo)
        source = open_transformer(str(model_dir))
        model = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32).eval()
    job = random_job(source)
    baseline = source.baselines([BASELINE])[BASELINE]
    rounds = [[turns(source, model, job, baseline, unit) for unit in range(UNITS)] for _ in range(ROUNDS)]
    prompt, neuron, ours = np.array(rounds).min(axis=0).sum(axis=0)
    n_pairs, n_readings = int(job.pairs.sum()), sum(int(is_read(job, layer).sum()) for layer in job.layers)
    prompt, neuron = prompt * n_pairs / (UNITS * BATCHES * BATCH), neuron * n_readings / (N_LAYERS * BATCH)
    figures.add("importance_speedup_over_prompt_masking_gpt2", prompt / ours, "x")
    figures.add("importance_speedup_over_per_neuron_gpt2", neuron / ours, "x")
    figures.add("importance_passes_per_s_gpt2", n_pairs / ours, "passes/s")
    figures.add("importance_difference_gpt2", difference(source, model, job, baseline), "activation")


def turns(
    source: TransformerSource, model: PreTrainedModel, job: ImportanceJob, baseline: torch.Tensor, unit: int
) -> tuple[float, float, float]:
    """Return seconds of some prompt maskings, of some per-neuron passes, and of one whole unit of ours."""
    return (
        timed(lambda: prompt_masking(model, job, baseline, unit)),
        timed(lambda: per_neuron(model, job, baseline, job.layers[unit::UNITS])),
        timed(lambda: unit_importances(source, job, unit)),
    )


def random_job(source: TransformerSource) -> ImportanceJob:
    """Return a job with rows spread evenly over layers, neurons and positions, as densely as in the paper's run.

    Clean activations are set to one, so that an importance is 1 − the masked activation.
    """
    rng = np.random.default_rng(0)
    tokens = make_examples(read_documents("offline"), source.tokenizer, EXAMPLES, CONTEXT).tokens
    pairs = np.tile(np.arange(CONTEXT) > 0, (EXAMPLES, 1))
    layers = tuple(random_layer(layer, ROWS_PER_EXAMPLE * EXAMPLES // N_LAYERS, rng) for layer in source.layers)
    lengths = np.full(EXAMPLES, CONTEXT, dtype=np.int32)
    return ImportanceJob(None, tokens, lengths, BACK, (BASELINE,), EXAMPLES // UNITS, Limits(None, None), pairs, layers)


def random_layer(layer: int, n: int, rng: np.random.Generator) -> RequestedRows:
    example = np.sort(rng.integers(0, EXAMPLES, n, dtype=np.int32))
    neuron, pos = (rng.integers(low, high, n, dtype=np.int32) for low, high in ((0, N_NEURONS), (1, CONTEXT)))
    return RequestedRows(layer, n, np.arange(n, dtype=np.int32), neuron, example, pos, np.ones(n, dtype=np.float32))


def is_read(job: ImportanceJob, layer: RequestedRows) -> Bool[np.ndarray, "n back"]:
    """Return a mask of the positions back from each row's key token that are masked."""
    positions = positions_back(layer.pos, BACK)
    return (positions >= 0) & job.pairs[layer.example[:, None], np.maximum(positions, 0)]


def prompt_masking(model: PreTrainedModel, job: ImportanceJob, baseline: torch.Tensor, unit: int) -> None:
    """Run a random sample of the pairs, reading every row whose key token is in the mask's window."""
    sample = np.random.default_rng(unit).permutation(np.argwhere(job.pairs))[: BATCHES * BATCH]
    for pairs in np.split(sample, BATCHES):
        masked_forward(model, job, baseline, pairs, [rows_read(layer, pairs) for layer in job.layers])


def rows_read(layer: RequestedRows, pairs: Int[np.ndarray, "batch 2"]) -> Read:
    distance = layer.pos - pairs[:, 1, None]
    index, row = np.nonzero((layer.example == pairs[:, 0, None]) & (distance >= 0) & (distance < BACK))
    return index, layer.pos[row], layer.neuron[row]


def per_neuron(
    model: PreTrainedModel, job: ImportanceJob, baseline: torch.Tensor, layers: Sequence[RequestedRows]
) -> list[Float[np.ndarray, " batch"]]:
    """Run a batch of random (row, masked position) of each layer, one pass each, as deep as the layer."""
    values = []
    for layer in layers:
        row, back = sampled(job, layer)
        pairs = np.stack([layer.example[row], layer.pos[row] + 1 - BACK + back], axis=1)
        read = (np.arange(BATCH), layer.pos[row], layer.neuron[row])
        values += masked_forward(model, job, baseline, pairs, [None] * layer.layer + [read])
    return values


def sampled(job: ImportanceJob, layer: RequestedRows) -> Int[np.ndarray, "2 batch"]:
    return np.random.default_rng(layer.layer).permutation(np.argwhere(is_read(job, layer)))[:BATCH].T


def masked_forward(
    model: PreTrainedModel,
    job: ImportanceJob,
    baseline: torch.Tensor,
    pairs: Int[np.ndarray, "batch 2"],
    reads: Sequence[Read | None],
) -> list[Float[np.ndarray, " n"]]:
    """Return the requested activations, layer by layer, of full prompts with one position masked each."""
    prompt, masked = pairs.T
    values: list[np.ndarray] = []
    hooks = [
        block.mlp.c_proj.register_forward_pre_hook(partial(store_activations, values, read, number == len(reads) - 1))
        for number, (block, read) in enumerate(zip(model.transformer.h, reads, strict=False))
        if read is not None
    ]
    with torch.inference_mode(), suppress(Done):
        embedded = model.transformer.wte(torch.from_numpy(job.tokens[prompt]).long())
        embedded[np.arange(len(pairs)), masked] = baseline
        model.transformer(inputs_embeds=embedded, use_cache=False)
    for hook in hooks:
        hook.remove()
    return values


def store_activations(
    values: list[np.ndarray], read: Read, is_last: bool, _: torch.nn.Module, args: tuple[torch.Tensor]
) -> None:
    values.append(args[0][read].numpy())
    if is_last:
        raise Done


def difference(source: TransformerSource, model: PreTrainedModel, job: ImportanceJob, baseline: torch.Tensor) -> float:
    """Return the largest difference between our activations and the per-neuron ones, over the latter's sample."""
    results = {unit: unit_importances(source, job, unit) for unit in units(job)}
    tables = gathered(job, results.__getitem__).by_layer
    ours = [1 - tables[layer.layer][:, 0][tuple(sampled(job, layer))] for layer in job.layers]
    return float(np.abs(np.array(ours) - np.array(per_neuron(model, job, baseline, job.layers))).max())
