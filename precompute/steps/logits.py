"""Direct effect of every neuron's activation on the logits; a unit of work is one layer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ne_core.atlas.schema import LOGITS
from precompute.models.open_model import ModelSpec, load_model
from precompute.models.source import Source
from precompute.run.step import Step
from precompute.run.work import Load, Work

Columns = Mapping[str, np.ndarray]  # logit_tokens and logit_effects of one layer


@dataclass(frozen=True)
class LogitsJob:
    """Data shared by all units; unit u is layer `layers[u]`."""

    model: ModelSpec
    layers: tuple[int, ...]


def work_logits(job: LogitsJob, unit: int) -> dict[str, np.ndarray]:
    """Return one layer's columns; empty if the model has no direct path to its logits."""
    effects = load_model(job.model).logit_effects(job.layers[unit], LOGITS)
    return {} if effects is None else {"logit_tokens": effects.tokens, "logit_effects": effects.effects}


def logits_from(layers: Sequence[int], load: Callable[[int], Columns]) -> dict[int, Columns] | None:
    """Return the columns by layer, or None if a layer has none."""
    units = {layer: load(unit) for unit, layer in enumerate(layers)}
    return units if all(len(columns) for columns in units.values()) else None


def logits_work(spec: ModelSpec, source: Source) -> Work:
    job = LogitsJob(spec, source.layers)
    return Work(work_logits, job, range(len(job.layers)), cores=None)


def all_logits(source: Source, load: Load) -> dict[int, Columns] | None:
    return logits_from(source.layers, load)


STEP = Step("logits", "logit effects", "layers", all_logits, logits_work)
