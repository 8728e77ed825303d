"""Collection as a step of a build: every unit of the corpus read, unless an earlier run has all the rows already."""

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
from precompute.steps.sample import sampled

THIN_EVERY = 16  # units: how often the files of collection are looked at for what is dead in them


@dataclass(frozen=True)
class Collected:
    """The end of collection: what its units hold that the rows are made of."""

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
        sampled=sampled(allowed, config.sample_positions, config.seed),
        rules={layer: Rule(config.keep, config.max_examples, maxima.get(layer)) for layer in source.layers},
        window=texts.window,
        work_unit=config.work_unit,
        model=spec,
    )


def collected(
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
    """Its units, each of which is told what those before it have found."""

    def seen(unit: int, arrays: Mapping[str, np.ndarray]) -> None:
        gathering.add(unit, arrays)
        if unit % THIN_EVERY == THIN_EVERY - 1:
            for waste in gathering.wasteful():
                units.save(waste, gathering.thinned(waste, units.load(waste)))

    return Work(
        work_candidates,
        job,
        range(job.n_units),
        cores=None,
        payload=lambda unit: (unit, gathering.hints()),
        size=lambda unit: job.examples(unit).stop - job.examples(unit).start,
        seen=seen,
    )


def facts(config: RunConfig, collect: Collected) -> dict[str, Any]:
    return {
        "keep": config.keep,
        "max_examples": config.max_examples,
        "sample_positions": int(collect.job.sampled.sum()),
        "work_unit": config.work_unit,
    }


STEP = Step("collect", "collect", "examples", collected, facts=facts)
