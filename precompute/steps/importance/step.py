"""Token importance as a step of a build, for the rows that the budget allows."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool

from precompute.config import RunConfig
from precompute.models.open_model import ModelSpec
from precompute.models.text_source import MaskingMode
from precompute.run.progress import Stage
from precompute.run.step import Step
from precompute.run.work import Load, Work
from precompute.steps.importance.budget import Limits
from precompute.steps.importance.job import masked_passes, plan, units
from precompute.steps.importance.tables import Importances, gathered
from precompute.steps.importance.unit import work_importances
from precompute.steps.layer_features import LayerFeatures, Texts

NOT_MASKED = {"masked": None, "why": "no masked passes were allowed"}


def importances_work(
    config: RunConfig,
    spec: ModelSpec,
    texts: Texts,
    maskable: Bool[np.ndarray, "n_examples n_ctx"],
    masks: Sequence[str],
    way: MaskingMode | None,
    features: Sequence[LayerFeatures],
    on_progress: Stage,
) -> Work:
    on_progress.remark = str(way or "")
    limits = Limits(config.importance_examples, config.importance_passes)
    job = plan(features, texts, maskable, masks, limits, config.work_unit, spec)
    return Work(work_importances, job, units(job), cores=None, size=lambda unit: masked_passes(job, unit))


def importances(way: MaskingMode | None, work: Work, load: Load) -> Importances:
    result = gathered(work.job, load)
    return replace(result, facts=replace(result.facts, **(way.facts if way else NOT_MASKED)))


def facts(masks: Sequence[str], importance: Importances) -> dict[str, Any]:
    return {"baselines": tuple(masks), "importance": importance.facts}


STEP = Step("importance", "importance", "masked passes", importances, importances_work, facts)
