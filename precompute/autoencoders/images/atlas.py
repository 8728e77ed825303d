"""Write an atlas of images: the steps of a build in their order, on arrays in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ne_core.atlas.manifest import Corpus, Description, Importance, Model
from ne_core.atlas.schema import LOGITS
from ne_core.method.embeddings import REFERENCE
from ne_core.text.windows import Window
from precompute.autoencoders.images.arrays import ImageLayer, ImageSet
from precompute.autoencoders.images.source import NOT_SPLIT, ImageSource
from precompute.config import RunConfig
from precompute.run.progress import OnProgress, silent
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.candidates import Rule
from precompute.steps.collect import CollectJob, Gathering, check_weights, layer_rows, unit_candidates
from precompute.steps.features import features_of
from precompute.steps.layer_features import LayerFeatures, Texts
from precompute.steps.logits import Columns
from precompute.steps.sample import LayerStatistics, layer_statistics, sample_positions
from precompute.write.atlas import write_atlas
from precompute.write.in_memory import indexed
from precompute.write.parts import AtlasParts

WINDOW = Window(back=1, forward=0)  # the label, and nothing around it
WORK_UNIT = 1024  # images
# Not the space of x: there a feature is nearest to features of other neurons with the same central image.
SPACE = "neuron"


@dataclass(frozen=True, kw_only=True)
class ImageChoices:
    """Facts and settings that the caller chooses for an atlas of images; `keep` 0 keeps every activation above 0."""

    name: str
    units: str
    model: Model
    corpus: Corpus
    default_cut: float
    seed: int
    keep: float
    max_examples: int


def write_image_atlas(
    out: Path,
    images: ImageSet,
    layers: Sequence[ImageLayer],
    choices: ImageChoices,
    beside: Callable[[Path], None] = lambda folder: None,
    progress: OnProgress = silent,
) -> int:
    """Write an atlas to `out` and return its number of features. `progress` gets the number of images read so far.

    `beside` may write further files into the atlas. Raises WriteError, CollectError or IndexingError.
    """
    source, job = ImageSource(layers), collect_job(images, layers, choices)
    check_weights(source)
    rows, statistics = collect_layers(source, job, progress)
    features = features_of(rows, choices.default_cut)
    texts = Texts(images.labels[:, None].astype(np.int32), job.lengths, images.classes, WINDOW, images.images)
    importances = {
        layer.rows.layer: np.full((layer.rows.n_rows, 0, WINDOW.back), np.nan, np.float32) for layer in features
    }
    parts = AtlasParts(
        description=description(choices, job, layers, features),
        texts=texts,
        layers=features,
        statistics=statistics,
        importances=importances,
        indexed=indexed(features, texts, importances, choices.seed, mapped=SPACE),
        logits=logits(source),
        write_more=beside,
    )
    write_atlas(out, parts)
    return sum(layer.n_features for layer in features)


def collect_job(images: ImageSet, layers: Sequence[ImageLayer], choices: ImageChoices) -> CollectJob:
    """Return the job of collection: every image is read, and its only position may be a key token."""
    all_positions = np.ones((len(images), 1), dtype=bool)
    return CollectJob(
        tokens=np.arange(len(images), dtype=np.int32)[:, None],
        lengths=np.ones(len(images), dtype=np.int32),
        allowed=all_positions,
        sampled=sample_positions(all_positions, RunConfig.sample_positions, choices.seed),
        rules={layer: Rule(choices.keep, choices.max_examples) for layer in range(len(layers))},
        window=WINDOW,
        work_unit=WORK_UNIT,
    )


def collect_layers(
    source: ImageSource, job: CollectJob, progress: OnProgress
) -> tuple[list[ActivatingExamples], dict[int, LayerStatistics]]:
    """Return the activating examples and the statistics of every layer."""
    gathering, units = Gathering(job), {}
    for unit in range(job.n_units):
        units[unit] = unit_candidates(source, job, (unit, gathering.hints()))
        gathering.add(unit, units[unit])
        progress(job.examples(unit).stop, job.n_examples)
    load = units.__getitem__
    rows = [layer_rows(job, layer, gathering.candidates(layer), source.layer(layer), load) for layer in job.layers]
    return rows, {layer: layer_statistics(layer, range(job.n_units), load) for layer in job.layers}


def logits(source: ImageSource) -> dict[int, Columns]:
    """Effects of each neuron on the classes, as columns of the schema."""
    tops = {layer: source.logit_effects(layer, LOGITS) for layer in source.layers}
    return {layer: {"logit_tokens": top.tokens, "logit_effects": top.effects} for layer, top in tops.items()}


def description(
    choices: ImageChoices, job: CollectJob, layers: Sequence[ImageLayer], features: Sequence[LayerFeatures]
) -> Description:
    """The choices, and the facts that are the same for all atlases of images."""
    n_rows = sum(layer.rows.n_rows for layer in features)
    return Description(
        **vars(choices),
        layer_names=tuple(layer.name for layer in layers),
        baselines=(),
        importance=Importance(examples=0, passes_allowed=0, rows=0, rows_in_all=n_rows, passes=0),
        sample_positions=int(job.sampled.sum()),
        contributions=NOT_SPLIT,
        inputs=True,
        default_space=SPACE,
        embedding=REFERENCE,
        work_unit=job.work_unit,
        threads=torch.get_num_threads(),
    )
