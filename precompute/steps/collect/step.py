"""Collection as a step of a build; skipped if an earlier run has finished the rows of all layers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from precompute.config import RunConfig
from precompute.models.open_model import ModelSpec
from precompute.models.source import Source
from precompute.run.checkpoints import Checkpoints
from precompute.run.engines import Engine
from precompute.run.progress import Stage
from precompute.run.run_folder import RunFolder
from precompute.run.step import Step
from precompute.run.work import Work, finish
from precompute.steps.candidates import Rule
from precompute.steps.collect.gathering import Gathering
from precompute.steps.collect.job import CollectJob, check_weights, real_positions
from precompute.steps.collect.unit import work_candidates
from precompute.steps.layer_features import Texts
from precompute.steps.sample import sample_positions

THIN_EVERY = 16  # units between two removals of dead candidates from the files of collection


@dataclass(frozen=True)
class Collected:
    """Result of collection, from which the rows of each layer are made."""

    job: CollectJob
    gathering: Gathering
    units: Checkpoints


def collect_job(
    config: RunConfig,
    spec: ModelSpec,
    source: Source,
    texts: Texts,
    may_be_key: Bool[np.ndarray, "n_examples n_ctx"],
    maxima: Mapping[int, Float[np.ndarray, " n_neurons"]],
) -> CollectJob:
    allowed = may_be_key & real_positions(texts.lengths, texts.tokens.shape[1])
    return CollectJob(
        tokens=texts.tokens,
        lengths=texts.lengths,
        allowed=allowed,
        sampled=sample_positions(allowed, config.sample_positions, config.seed),
        rules={layer: Rule(config.keep, config.max_examples, maxima.get(layer)) for layer in source.layers},
        window=texts.window,
        work_unit=config.work_unit,
        model=spec,
    )


def collect(
    config: RunConfig,
    spec: ModelSpec,
    source: Source,
    texts: Texts,
    may_be_key: Bool[np.ndarray, "n_examples n_ctx"],
    maxima: Mapping[int, Float[np.ndarray, " n_neurons"]],
    run: RunFolder,
    engine: Engine,
    checkpoints: Checkpoints,
    on_progress: Stage,
) -> Collected:
    check_weights(source)
    job = collect_job(config, spec, source, texts, may_be_key, maxima)
    gathering = Gathering(job)
    if len(run.stage("rows").done()) < len(job.layers):
        for unit in sorted(checkpoints.done()):
            gathering.add(unit, checkpoints.load(unit))
        finish(collection(job, gathering, checkpoints), checkpoints, engine, on_progress)
    return Collected(job, gathering, checkpoints)


def collection(job: CollectJob, gathering: Gathering, units: Checkpoints) -> Work:
    """Return the units of collection; each gets hints from the units before it."""

    def on_result(unit: int, arrays: Mapping[str, np.ndarray]) -> None:
        gathering.add(unit, arrays)
        if unit % THIN_EVERY == THIN_EVERY - 1:
            for wasteful in gathering.wasteful():
                units.save(wasteful, gathering.thinned(wasteful, units.load(wasteful)))

    return Work(
        work_candidates,
        job,
        range(job.n_units),
        cores=None,
        payload=lambda unit: (unit, gathering.hints()),
        size=lambda unit: job.examples(unit).stop - job.examples(unit).start,
        on_result=on_result,
    )


def facts(config: RunConfig, collect: Collected) -> dict[str, Any]:
    return {
        "keep": config.keep,
        "max_examples": config.max_examples,
        "near_duplicates": "kept" if config.near_duplicates == "keep" else "dropped",
        "sample_positions": int(collect.job.sampled.sum()),
        "work_unit": config.work_unit,
    }


STEP = Step("collect", "collect", "examples", collect, facts=facts)
