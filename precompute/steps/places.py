"""Positions of the features on the map, computed as one unit."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ne_core.method.similar import shown_first
from precompute.config import RunConfig
from precompute.run.checkpoints import Checkpoints
from precompute.run.progress import OnProgress, Stage, silent
from precompute.run.step import Step
from precompute.steps.index import Indexed
from precompute.steps.layout import layout


def map_columns(
    features: Mapping[str, np.ndarray],
    space: str,
    seed: int,
    on_progress: OnProgress = silent,
) -> dict[str, np.ndarray]:
    """Return positions on the map from the columns of similar features in a space."""
    graph = (features[f"{column}_{space}"] for column in ("similar", "cosine"))
    places = layout(*graph, seed, on_progress)
    return {"map_x": places[:, 0], "map_y": places[:, 1]}


def placed(config: RunConfig, similar: Indexed, checkpoints: Checkpoints, on_progress: Stage) -> Indexed:
    """Return the same features with their positions on the map."""
    if 0 not in checkpoints.done():
        checkpoints.save(0, map_columns(similar.features, shown_first(similar.vectors), config.seed, on_progress))
    return replace(similar, features={**similar.features, **checkpoints.load(0)})


def facts(similar: Indexed) -> dict[str, Any]:
    return {"default_space": shown_first(similar.vectors)}


STEP = Step("map", "map", "steps", placed, facts=facts)
