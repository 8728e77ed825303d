"""The stages of a build, a function each: the units that are left are worked off, and put together."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from ne_core.atlas.file_hash import file_sha256
from ne_core.atlas.manifest import Description
from ne_core.method.embeddings import Embedder
from ne_core.method.naming import word_classes
from ne_core.method.similar import SPACES
from ne_core.method.statistics import InputStatistics
from precompute.prepare import Prepared
from precompute.run.checkpoints import CheckpointError, Checkpoints, new_array
from precompute.run.engines import Engine
from precompute.run.engines.local import LocalEngine
from precompute.run.mapped import let_go
from precompute.run.progress import Stage
from precompute.run.run_folder import RunFolder
from precompute.run.work import Work, finish
from precompute.steps.activating_examples import LayerRows
from precompute.steps.candidates import Rule
from precompute.steps.collect import CollectJob, Gathering, check_weights, layer_rows, real_positions, work_candidates
from precompute.steps.contributions import BEYOND_HALF, Tables, work_contributions
from precompute.steps.contributions import plan as contributions_plan
from precompute.steps.directions import Pool, directions
from precompute.steps.equal_n import (
    Rarefied,
    RarefiedChunk,
    RarefiedJob,
    directions_chunk,
    neurons_chunk,
    rarefied_from,
    work_rarefied,
)
from precompute.steps.features import (
    CHUNK,
    FEW_ROWS,
    Chunk,
    FeaturesJob,
    chunk_of,
    features_from,
    unit_ranges,
    work_features,
)
from precompute.steps.importance import Importances, Limits, masked_passes, plan, units, work_importances
from precompute.steps.importance import gathered as importances_from
from precompute.steps.index import (
    SimilarJob,
    feature_columns,
    owners,
    similar_from,
    space_shape,
    space_vectors,
    work_similar,
)
from precompute.steps.layer_features import LayerFound
from precompute.steps.logits import Columns, LogitsJob, logits_from, work_logits
from precompute.steps.names import FEW_ROWS as FEW_NAMED
from precompute.steps.names import NamesAsked, NamesJob, names_asked, names_from, work_names
from precompute.steps.sample import LayerStatistics, layer_statistics, sampled
from precompute.steps.spaces import SpacesAsked, SpacesJob, neurons_of, spaces_asked, spaces_from, work_spaces
from precompute.write.assemble import MAPPED, map_columns
from precompute.write.parts import Indexed

logger = logging.getLogger(__name__)

THIN_EVERY = 16  # units: how often the files of collection are looked at for what is dead in them
NOT_MASKED = {"masked": None, "why": "no masked passes were allowed"}
FEW_FEATURES = 8_192  # as FEW_ROWS: fewer are searched before a pool of workers has started


@dataclass(frozen=True)
class Collected:
    """The end of collection: what the units hold that `rows` needs."""

    job: CollectJob
    gathering: Gathering
    kept: Checkpoints


@dataclass(frozen=True)
class LayerKept:
    """One layer as it stands in the run folder."""

    rows: LayerRows
    statistics: LayerStatistics

    @cached_property
    def embedder(self) -> Embedder:
        return Embedder(InputStatistics(self.statistics.input_mean, self.statistics.input_covariance))


def collect_job(ready: Prepared) -> CollectJob:
    config, examples = ready.config, ready.examples
    allowed = ready.may_be_key & real_positions(examples.lengths, examples.tokens.shape[1])
    return CollectJob(
        tokens=examples.tokens,
        lengths=examples.lengths,
        allowed=allowed,
        sampled=sampled(allowed, config.sample_positions, config.seed),
        rules={n: Rule(config.keep, config.max_examples, ready.given.get(n)) for n in ready.source.layers},
        window=ready.window,
        work_unit=config.work_unit,
        model=ready.spec,
    )


def collected(ready: Prepared, run: RunFolder, where: Engine, told: Stage) -> Collected:
    """Every unit of the corpus read, unless an earlier run has all the rows already."""
    check_weights(ready.source)
    job, kept = collect_job(ready), run.stage("collect")
    gathering = Gathering(job)
    if len(run.stage("rows").done()) == len(job.layers):
        return Collected(job, gathering, kept)
    for unit in sorted(kept.done()):
        gathering.add(unit, kept.load(unit))

    def seen(unit: int, arrays) -> None:
        gathering.add(unit, arrays)
        if unit % THIN_EVERY == THIN_EVERY - 1:
            for waste in gathering.wasteful():
                kept.save(waste, gathering.thinned(waste, kept.load(waste)))

    work = Work(
        work_candidates,
        job,
        range(job.n_units),
        cores=None,
        payload=lambda unit: (unit, gathering.hints()),
        size=lambda unit: job.examples(unit).stop - job.examples(unit).start,
    )
    finish(work, kept, where, told, seen)
    return Collected(job, gathering, kept)


def rows(ready: Prepared, run: RunFolder, collected: Collected, told: Stage) -> list[LayerKept]:
    """Every layer's activating examples and statistics; the units of collection are then of no more use."""
    kept, layers = run.stage("rows"), ready.source.layers
    before = kept.done()
    told.already(len(before))
    for number, layer in enumerate(layers):
        if number not in before:
            kept.save(number, layer_arrays(ready, collected, layer, x_path(run, layer)))
        else:
            check_x(x_path(run, layer), kept.load(number))
        told(number + 1, len(layers))
    collected.kept.clear()
    return [layer_kept(ready, layer, kept.load(number), x_path(run, layer)) for number, layer in enumerate(layers)]


def x_path(run: RunFolder, layer: int) -> Path:
    return run.path / "rows" / f"x{layer}.npy"


def layer_arrays(ready: Prepared, collected: Collected, layer: int, x: Path) -> dict[str, np.ndarray]:
    """One layer put together, x into its own file: it may be larger than memory."""

    def x_into(shape: tuple[int, int]) -> np.ndarray:
        # numpy maps no empty file
        return new_array(x, np.float16, shape) if shape[0] else np.zeros(shape, np.float16)

    job, load = collected.job, collected.kept.load
    candidates = collected.gathering.candidates(layer)
    found = layer_rows(job, layer, candidates, ready.source.layer(layer), load, x_into)
    statistics = layer_statistics(layer, range(job.n_units), load)
    return {**found.to_arrays(), **statistics.to_arrays(), "x_sha256": x_sha256(x, found.x_row)}


def x_sha256(x: Path, x_row: np.ndarray) -> np.ndarray:
    """Of the file of x, if there is one: it lies beside the unit, whose own checksums do not cover it."""
    return np.array(file_sha256(x) if len(x_row) else "")


def check_x(x: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Raises CheckpointError if x is not what an earlier run wrote."""
    try:
        whole = x_sha256(x, arrays["x_row"]) == arrays["x_sha256"]
    except FileNotFoundError:
        whole = False
    if not whole:
        raise CheckpointError(f"{x} is damaged: delete {x.parent} and give the same command again")


def layer_kept(ready: Prepared, layer: int, arrays: Mapping[str, np.ndarray], x: Path) -> LayerKept:
    weights = ready.source.layer(layer)
    there = np.load(x, mmap_mode="r") if len(arrays["x_row"]) else np.zeros((0, weights.d_in), np.float16)
    return LayerKept(LayerRows.from_arrays(layer, weights, arrays, there), LayerStatistics.from_arrays(arrays))


def features(ready: Prepared, run: RunFolder, where: Engine, layers: list[LayerKept], told: Stage) -> list[LayerFound]:
    """Every neuron's tree and features, from some neurons of one layer at a time."""
    kept, of_layers = run.stage("features"), [layer.rows for layer in layers]
    job = FeaturesJob(ready.config.default_cut, ready.config.embedding)
    ranges = unit_ranges([len(rows.maxima) for rows in of_layers])
    of_unit = {unit: (layer, unit - units.start) for layer, units in zip(layers, ranges, strict=True) for unit in units}
    few = sum(rows.n_rows for rows in of_layers) < FEW_ROWS

    def size(unit: int) -> int:
        layer, part = of_unit[unit]
        return min(CHUNK, len(layer.rows.maxima) - part * CHUNK)

    def chunk(unit: int) -> Chunk:
        layer, part = of_unit[unit]
        found = chunk_of(layer.rows, part, job.space, layer.embedder)
        let_go(layer.rows.x)
        return found

    cores = None if few else 1
    work = Work(work_features, job, range(len(of_unit)), cores, chunk, size)
    finish(work, kept, LocalEngine() if few else where, told)
    return [features_from(rows, kept.load, units) for rows, units in zip(of_layers, ranges, strict=True)]


def spaces(
    ready: Prepared, run: RunFolder, where: Engine, layers: list[LayerKept], found: list[LayerFound], told: Stage
) -> dict[str, np.ndarray]:
    """How well each space separates the clusters of each, neuron by neuron."""
    kept, few = run.stage("spaces"), sum(layer.rows.n_rows for layer in found) < FEW_ROWS
    ranges = unit_ranges([len(layer.rows.maxima) for layer in found])
    of_unit = [(at, part) for at, units in enumerate(ranges) for part in range(len(units))]

    def asked(unit: int) -> SpacesAsked:
        at, part = of_unit[unit]
        made = spaces_asked(found[at], part, layers[at].embedder)
        let_go(found[at].rows.x)
        return made

    work = Work(
        work_spaces,
        SpacesJob(ready.config.embedding),
        range(len(of_unit)),
        cores=None if few else 1,
        payload=asked,
        size=lambda unit: neurons_of(found[of_unit[unit][0]], of_unit[unit][1]),
    )
    finish(work, kept, LocalEngine() if few else where, told)
    return spaces_from(found, map(kept.load, range(len(of_unit))))


def rarefied(ready: Prepared, run: RunFolder, where: Engine, layers: list[LayerKept], told: Stage) -> Rarefied | None:
    """Every neuron at the same number of examples, and the random directions of every layer; None if not wanted."""
    config, of_layers = ready.config, [layer.rows for layer in layers]
    if not config.rarefy:
        return None
    job = RarefiedJob(config.embedding, config.default_cut, config.rarefy, config.directions, config.seed)
    ranges = unit_ranges([len(rows.maxima) for rows in of_layers])
    of_unit = [(layer, part) for layer, units in zip(layers, ranges, strict=True) for part in range(len(units))]
    of_unit += [(layer, None) for layer in layers]  # the random directions of each

    def chunk(unit: int) -> RarefiedChunk:
        layer, part = of_unit[unit]
        if part is None:
            rng = np.random.default_rng([config.seed, layer.rows.layer])
            pool = Pool.of(layer.rows.weights, layer.rows.x, layer.rows.x_row, layer.rows.example)
            found = directions(pool, job.n_directions, job.n, config.keep, config.max_examples, rng)
            made = directions_chunk(job, layer.rows, found, layer.embedder)
        else:
            made = neurons_chunk(job, layer.rows, part, layer.embedder)
        let_go(layer.rows.x)
        return made

    few = sum(rows.n_rows for rows in of_layers) < FEW_ROWS
    work = Work(work_rarefied, job, range(len(of_unit)), None if few else 1, chunk)
    kept = run.stage("rarefied")
    finish(work, kept, LocalEngine() if few else where, told)
    return rarefied_from(of_layers, ranges, kept.load, job)


def importances(ready: Prepared, run: RunFolder, where: Engine, layers: list[LayerFound], told: Stage) -> Importances:
    """What every row that the budget allows loses on each masked token."""
    config, kept = ready.config, run.stage("importance")
    limits = Limits(config.importance_examples, config.importance_passes)
    job = plan(layers, ready.texts, ready.maskable, ready.masks, limits, config.work_unit, ready.spec)
    work = Work(work_importances, job, units(job), cores=None, size=lambda unit: masked_passes(job, unit))
    told.remark = str(ready.way or "")
    finish(work, kept, where, told)
    found = importances_from(job, kept.load)
    return replace(found, facts=replace(found.facts, **(ready.way.facts if ready.way else NOT_MASKED)))


def logits(ready: Prepared, run: RunFolder, where: Engine, told: Stage) -> dict[int, Columns] | None:
    """What every neuron does to the logits; None where this model does not show it."""
    kept, job = run.stage("logits"), LogitsJob(ready.spec, ready.source.layers)
    finish(Work(work_logits, job, range(len(job.layers)), cores=None), kept, where, told)
    return logits_from(job.layers, kept.load)


def contributions(
    ready: Prepared, run: RunFolder, where: Engine, layers: list[LayerFound], told: Stage
) -> Tables | str:
    """What writes every row's pre-activation; in words why it is not known, where it is not."""
    parts = ready.source.parts() if ready.config.contributions else "it was built with --contributions no"
    if isinstance(parts, str):
        return parts
    kept = run.stage("contributions")
    job = contributions_plan(layers, ready.texts, parts, ready.config.work_unit, ready.spec)
    work = Work(work_contributions, job, job.units, cores=None, size=job.n_examples)
    finish(work, kept, where, told)
    tables = Tables(job, kept.load)
    if tables.finite:
        return tables
    logger.warning("contributions are left out: %s", BEYOND_HALF)
    return BEYOND_HALF


def names(
    ready: Prepared, run: RunFolder, where: Engine, layers: list[LayerFound], lost: Importances, told: Stage
) -> dict[str, np.ndarray]:
    """What every feature is called."""
    kept, few = run.stage("names"), sum(found.rows.n_rows for found in layers) < FEW_NAMED

    def asked(number: int) -> NamesAsked:
        return names_asked(layers[number], ready.texts, lost.by_layer[layers[number].rows.layer])

    work = Work(work_names, NamesJob(word_classes(ready.texts.vocab)), range(len(layers)), None if few else 1, asked)
    finish(work, kept, LocalEngine() if few else where, told)
    return names_from(layers, kept.load)


def similar(
    ready: Prepared, run: RunFolder, layers: list[LayerFound], named: dict[str, np.ndarray], told: Stage
) -> Indexed:
    """Every feature's nearest neighbours in every space, on this machine, where the vectors lie on disk."""
    kept, owner = run.stage("similar"), owners(layers)
    files = {space: vectors_file(run, layers, space) for space in SPACES}
    job = SimilarJob(files, owner)
    cores = None if len(owner) < FEW_FEATURES else 1
    finish(Work(work_similar, job, range(job.n_units), cores), kept, LocalEngine(), told)
    columns = feature_columns(layers, ready.examples.tokens) | named | similar_from(job, kept.load)
    return Indexed(columns, {space: np.load(file, mmap_mode="r")[: len(owner)] for space, file in files.items()})


def vectors_file(run: RunFolder, layers: list[LayerFound], space: str) -> Path:
    """The central vectors of one space, as a file that every worker of this machine maps."""
    path, (n_features, d_in) = run.path / "similar" / f"{space}.npy", space_shape(layers)
    vectors = new_array(path, np.float32, (max(n_features, 1), d_in))  # no file maps to nothing
    space_vectors(layers, space, vectors[:n_features])
    for found in layers:
        let_go(found.rows.x)
    return path


def placed(ready: Prepared, run: RunFolder, found: Indexed, told: Stage) -> Indexed:
    """The same features with their places on the map, which is made in one piece."""
    kept = run.stage("map")
    if 0 not in kept.done():
        kept.save(0, map_columns(found.features, ready.config.seed, told))
    return replace(found, features={**found.features, **kept.load(0)})


def description(ready: Prepared, job: CollectJob, lost: Importances, wrote: Tables | str) -> Description:
    """The manifest's fields that the arrays cannot tell."""
    config, source = ready.config, ready.source
    maxima = {"from": "corpus"}
    if config.maxima is not None:
        maxima = {"from": Path(config.maxima).name, "sha256": file_sha256(Path(config.maxima))}
    return Description(
        name=config.atlas_name,
        model=ready.model,
        units=ready.units,
        weights=source.weights,
        gated_embedding=config.gated_embedding if source.gated else None,
        corpus=ready.corpus,
        maxima=maxima,
        keep=config.keep,
        max_examples=config.max_examples,
        baselines=tuple(ready.masks),
        importance=lost.facts,
        sample_positions=int(job.sampled.sum()),
        contributions=wrote if isinstance(wrote, str) else wrote.job.parts,
        inputs=config.inputs,
        default_space=MAPPED,
        embedding=config.embedding,
        default_cut=config.default_cut,
        work_unit=config.work_unit,
        seed=config.seed,
        dtype=config.dtype,
        device=source.device.type,
        threads=ready.spec.threads,
    )
