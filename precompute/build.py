"""The stages of a build in their order, from model and corpus to writing.

Each stage is cut into units, and each finished unit is kept in the run folder (`run_folder.py`) until the atlas stands:
a build that was killed goes on from there. Only this file and its two neighbours below know the stages' order.

prepare.py   what every stage starts from
stages.py    one function a stage: its units, and what is put together from them
work.py      units that are not done yet, computed by an engine and kept
"""

from dataclasses import dataclass
from pathlib import Path

from ne_core.sharing.atomic_write import check_target
from ne_core.sharing.destination import check_apart
from precompute.config import RunConfig
from precompute.prepare import prepare
from precompute.run.engines import Engine, engine
from precompute.run.progress import Progress
from precompute.run.run_folder import RunFolder, run_folder
from precompute.stages import (
    collected,
    contributions,
    description,
    features,
    importances,
    logits,
    names,
    placed,
    rarefied,
    rows,
    similar,
    spaces,
)
from precompute.steps.layer_features import LayerFound
from precompute.write.atlas import write_atlas
from precompute.write.parts import AtlasParts


@dataclass(frozen=True)
class Built:
    """What a finished build has to tell; `seconds` by stage, of this run alone."""

    directory: Path
    units: str
    n_neurons: int
    n_alive: int
    n_features: int
    seconds: dict[str, float]


def build(config: RunConfig, restart: bool = False) -> Built:
    """Run every stage and write the atlas. What cannot work is refused before the first long stage."""
    check_target(config.directory)
    check_apart(config.directory, config.model, config.corpus, config.sae, config.maxima)
    with run_folder(config.directory, restart) as run, engine(config.engine, config.address) as where:
        progress = Progress(n_stages=13, note=run.note)
        layers = stages(config, run, where, progress)
        run.remove()
    return Built(
        config.directory,
        units="latents" if config.sae else "neurons",
        n_neurons=sum(len(found.rows.maxima) for found in layers),
        n_alive=sum(int((found.features.n_examples > 0).sum()) for found in layers),
        n_features=sum(found.n_features for found in layers),
        seconds=progress.seconds,
    )


def stages(config: RunConfig, run: RunFolder, where: Engine, progress: Progress) -> list[LayerFound]:
    with progress.stage("model and corpus", "examples") as told:
        ready = prepare(config, run, told)
    with progress.stage("collect", "examples") as told:
        gathered = collected(ready, run, where, told)
    with progress.stage("rows", "layers") as told:
        of_layers = rows(ready, run, gathered, told)
    with progress.stage("features", "neurons") as told:
        layers = features(ready, run, where, of_layers, told)
    with progress.stage("spaces", "neurons") as told:
        between = spaces(ready, run, where, of_layers, layers, told)
    with progress.stage("random directions", "units") as told:
        by_chance = rarefied(ready, run, where, of_layers, told)
    with progress.stage("importance", "masked passes") as told:
        lost = importances(ready, run, where, layers, told)
    with progress.stage("logit effects", "layers") as told:
        direct = logits(ready, run, where, told)
    with progress.stage("contributions", "examples") as told:
        wrote = contributions(ready, run, where, layers, told)
    with progress.stage("names", "layers") as told:
        named = names(ready, run, where, layers, lost, told)
    with progress.stage("similar features", "searches") as told:
        found = similar(ready, run, layers, named, told)
    with progress.stage("map", "steps") as told:
        found = placed(ready, run, found, told)
    with progress.stage("writing", "parts") as told:
        parts = AtlasParts(
            description=description(ready, gathered.job, lost, wrote),
            texts=ready.texts,
            layers=layers,
            statistics={kept.rows.layer: kept.statistics for kept in of_layers},
            importances=lost.by_layer,
            indexed=found,
            logits=direct,
            contributions=None if isinstance(wrote, str) else wrote,
            rarefied=by_chance,
            spaces=between,
        )
        write_atlas(config.directory, parts, told)
    return layers
