"""The steps of a build in their order, from model and corpus to writing.

Each step is cut into units, and each finished unit is kept in the run folder (`run_folder.py`) until the atlas stands:
a build that was killed goes on from there. Only this file knows the steps' order.

prepare.py    what every step starts from
steps/        a `STEP` each: its units, and what is put together from them
run/step.py   what a step is, and how one is done
"""

from dataclasses import dataclass
from pathlib import Path

from ne_core.atlas.manifest import Description
from ne_core.sharing.atomic_write import check_target
from ne_core.sharing.destination import check_apart
from precompute.config import RunConfig
from precompute.prepare import prepare
from precompute.run.engines import Engine, engine
from precompute.run.progress import Progress
from precompute.run.run_folder import RunFolder, run_folder
from precompute.run.step import Build
from precompute.steps import contributions, equal_n, features, logits, names, places, rows, similar, spaces
from precompute.steps.collect import step as collect
from precompute.steps.importance import step as importance
from precompute.write.atlas import write_atlas
from precompute.write.parts import AtlasParts

ORDER = (collect, rows, features, spaces, equal_n, importance, logits, contributions, names, similar, places)
STEPS = tuple(module.STEP for module in ORDER)


@dataclass(frozen=True)
class Built:
    """What a finished build has to tell; `seconds` by step, of this run alone."""

    directory: Path
    units: str
    n_neurons: int
    n_alive: int
    n_features: int
    seconds: dict[str, float]


def build(config: RunConfig, restart: bool = False) -> Built:
    """Do every step and write the atlas. What cannot work is refused before the first long step."""
    check_target(config.directory)
    check_apart(config.directory, config.model, config.corpus, config.sae, config.maxima)
    with run_folder(config.directory, restart) as run, engine(config.engine, config.address) as where:
        progress = Progress(n_stages=len(STEPS) + 2, note=run.note)
        done = run_steps(config, run, where, progress)
        run.remove()
    layers = done.made["features"]
    return Built(
        config.directory,
        units=done.prepared.source.units,
        n_neurons=sum(len(found.rows.maxima) for found in layers),
        n_alive=sum(int((found.features.n_examples > 0).sum()) for found in layers),
        n_features=sum(found.n_features for found in layers),
        seconds=progress.seconds,
    )


def run_steps(config: RunConfig, run: RunFolder, engine: Engine, progress: Progress) -> Build:
    """Every step done, and the atlas written."""
    with progress.stage("model and corpus", "examples") as on_progress:
        prepared = prepare(config, run, on_progress)
    build = Build(prepared, run, engine)
    build.do(STEPS, progress)
    with progress.stage("writing", "parts") as on_progress:
        write_atlas(config.directory, parts(build), on_progress)
    return build


def parts(build: Build) -> AtlasParts:
    prepared, made, contributions = build.prepared, build.made, build.made["contributions"]
    return AtlasParts(
        description=Description(**prepared.facts, **build.facts(STEPS)),
        texts=prepared.texts,
        layers=made["features"],
        statistics={layer.rows.layer: layer.statistics for layer in made["rows"]},
        importances=made["importance"].by_layer,
        indexed=made["map"],
        logits=made["logits"],
        contributions=None if isinstance(contributions, str) else contributions,
        equal_n=made["rarefied"],
        spaces=made["spaces"],
    )
