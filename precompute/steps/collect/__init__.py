"""Step 1: the activating examples of each neuron, their key tokens and the inputs there, in one pass over the corpus.

job.py        data shared by all work units, and hints that reduce the candidates of a unit
unit.py       one unit: a forward pass, of which it returns the values of the candidates and a sample
part.py       arrays of one layer in a unit
gathering.py  the candidates of all units, in the process that collects them
rows.py       the activating examples of each layer, read from the files of the units
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Int

from ne_core.text.windows import Window
from precompute.config import RunConfig
from precompute.models.source import Source
from precompute.run.progress import OnProgress, silent
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.candidates import Rule
from precompute.steps.collect.gathering import Gathering
from precompute.steps.collect.job import CollectError, CollectJob, Hints, check_weights, real_positions
from precompute.steps.collect.rows import layer_rows
from precompute.steps.collect.unit import unit_candidates, work_candidates

__all__ = [
    "CollectError",
    "CollectJob",
    "Gathering",
    "Hints",
    "check_weights",
    "collect_tokens",
    "layer_rows",
    "real_positions",
    "unit_candidates",
    "work_candidates",
]
WINDOW = Window(*RunConfig.window)


def collect_tokens(
    source: Source,
    tokens: Int[np.ndarray, "n_examples n_ctx"],
    lengths: Int[np.ndarray, " n_examples"] | None = None,
    may_be_key: Bool[np.ndarray, "n_examples n_ctx"] | None = None,
    rules: Mapping[int, Rule] | None = None,
    window: Window = WINDOW,
    work_unit: int = RunConfig.work_unit,
    on_progress: OnProgress = silent,
) -> list[ActivatingExamples]:
    """Return the activating examples of every layer of the source, with every unit in memory.

    `may_be_key` marks the positions that may be key tokens; by default all real ones but position 0.
    """
    n_examples, n_ctx = tokens.shape
    lengths = np.full(n_examples, n_ctx, dtype=np.int32) if lengths is None else lengths
    real_mask = real_positions(lengths, n_ctx)
    allowed = real_mask if may_be_key is None else may_be_key & real_mask
    rules = rules or {layer: Rule(RunConfig.keep, RunConfig.max_examples) for layer in source.layers}
    job = CollectJob(tokens, lengths, allowed, np.zeros_like(real_mask), rules, window, work_unit)
    gathering, units = Gathering(job), {}
    for unit in range(job.n_units):
        units[unit] = unit_candidates(source, job, (unit, gathering.hints()))
        gathering.add(unit, units[unit])
        on_progress(job.examples(unit).stop, n_examples)
    load = units.__getitem__
    return [layer_rows(job, layer, gathering.candidates(layer), source.layer(layer), load) for layer in job.layers]
