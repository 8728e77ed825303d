"""The steps of a build in their order, from model and corpus to the written atlas.

Each step is cut into units. Each finished unit is saved in the run folder (`run_folder.py`) until the atlas is written,
so that a killed build continues from there. Only this file knows the order of the steps.

prepare.py    the inputs of every step
steps/        one `STEP` per module: its units, and how their results are joined
run/step.py   definition of a step, and how it is run
"""

from dataclasses import dataclass
from pathlib import Path

from ne_core.atlas.manifest import Description
from ne_core.sharing.atomic_write import check_target
from precompute.config import RunConfig
from precompute.prepare import prepare
from precompute.run.engines import Engine, engine
from precompute.run.progress import Progress
from precompute.run.run_folder import RunFolder, run_folder
from precompute.run.step import Build
from precompute.steps import contributions, equal_n, features, logits, names, other_trees, places, rows, similar, spaces
from precompute.steps.collect import step as collect
from precompute.steps.importance import step as importance
from precompute.write.atlas import write_atlas
from precompute.write.parts import AtlasParts

ORDER = (
    collect,
    rows,
    features,
    other_trees,
    spaces,
    equal_n,
    importance,
    logits,
    contributions,
    names,
    similar,
    places,
)
STEPS = tuple(module.STEP for module in ORDER)


@dataclass(frozen=True)
class Built:
    """Summary of a finished build; `seconds` by step, of this run only."""

    directory: Path
    units: str
    n_neurons: int
    n_alive: int
    n_features: int
    seconds: dict[str, float]


def build(config: RunConfig, restart: bool = False) -> Built:
    """Run every step and write the atlas. Settings that cannot work are refused before the first long step."""
    check_target(config.directory)
    config.check_inputs_apart()
    with run_folder(config.directory, restart) as run, engine(config.engine, config.address) as compute_engine:
        progress = Progress(n_stages=len(STEPS) + 2, note=run.note)
        finished = run_steps(config, run, compute_engine, progress)
        run.remove()
    layers = finished.results["features"]
    return Built(
        config.directory,
        units=finished.prepared.source.units,
        n_neurons=sum(len(layer.rows.maxima) for layer in layers),
        n_alive=sum(int((layer.features.n_examples > 0).sum()) for layer in layers),
        n_features=sum(layer.n_features for layer in layers),
        seconds=progress.seconds,
    )


def run_steps(config: RunConfig, run: RunFolder, engine: Engine, progress: Progress) -> Build:
    """Run every step and write the atlas."""
    with progress.stage("model and corpus", "examples") as on_progress:
        prepared = prepare(config, run, on_progress)
    build = Build(prepared, run, engine)
    build.do(STEPS, progress)
    with progress.stage("writing", "parts") as on_progress:
        write_atlas(config.directory, parts(build), on_progress)
    return build


def parts(build: Build) -> AtlasParts:
    prepared, results, contributions = build.prepared, build.results, build.results["contributions"]
    return AtlasParts(
        description=Description(**prepared.facts, **build.facts(STEPS)),
        texts=prepared.texts,
        layers=results["features"],
        statistics={layer.rows.layer: layer.statistics for layer in results["rows"]},
        importances=results["importance"].by_layer,
        indexed=results["map"],
        logits=results["logits"],
        contributions=None if isinstance(contributions, str) else contributions,
        equal_n=results["rarefied"],
        spaces=results["spaces"],
        documents=prepared.examples.documents,
        other_trees=results["other_trees"],
    )
