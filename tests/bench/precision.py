"""Forward passes in bfloat16: the change of the demo model's activating examples, and the speed on this machine."""

import time
from pathlib import Path

import torch

from precompute.config import PRESETS
from precompute.corpus import make_examples, may_be_key, read_documents
from precompute.models.transformer import open_transformer
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.collect import collect_tokens
from tests.bench.figures import Figures

EXAMPLES = 512


def measure(figures: Figures, model: Path) -> None:
    """Measure the share of rows, an example of a neuron with its key token, that are other ones or moved."""
    exact, exact_s = collect(model, torch.float32)
    short, short_s = collect(model, torch.bfloat16)
    figures.add("rows_changed_bfloat16_demo", len(exact - short) / len(exact), "share")
    figures.add("collect_bfloat16_over_float32_demo", short_s / exact_s, "x")


def collect(model: Path, dtype: torch.dtype) -> tuple[set[tuple[int, ...]], float]:
    """Return every (layer, neuron, example, pos), and the seconds of the pass."""
    source, config = open_transformer(str(model), device="auto", dtype=dtype), PRESETS["demo"]
    examples = make_examples(read_documents("offline"), source.tokenizer, EXAMPLES, config.context)
    allowed = may_be_key(examples.tokens, examples.lengths, examples.special_ids)
    started = time.perf_counter()
    layers = collect_tokens(source, examples.tokens, examples.lengths, allowed, work_unit=config.work_unit)
    seconds = time.perf_counter() - started
    return {row for rows in layers for row in rows_of(rows)}, seconds


def rows_of(rows: ActivatingExamples) -> zip:
    columns = (column.tolist() for column in (rows.neuron, rows.example, rows.pos))
    return zip([rows.layer] * rows.n_rows, *columns, strict=True)
