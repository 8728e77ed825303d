"""An atlas of images: the stages of a build in their order, on arrays that are at hand and in memory."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from ne_core.atlas.schema import LOGITS
from ne_core.method.embeddings import REFERENCE
from ne_core.text.windows import Window
from precompute.autoencoders.images.arrays import ImageLayer, ImageSet
from precompute.autoencoders.images.source import NOT_SPLIT, ImageSource
from precompute.config import RunConfig
from precompute.steps.activating_examples import LayerRows
from precompute.steps.candidates import Rule
from precompute.steps.collect import CollectJob, Gathering, check_weights, layer_rows, unit_candidates
from precompute.steps.features import features_of
from precompute.steps.layer_features import LayerFound, Texts
from precompute.steps.logits import Columns
from precompute.steps.sample import LayerStatistics, layer_statistics, sampled
from precompute.write.assemble import indexed, write_atlas

WINDOW = Window(back=1, forward=0)  # the label, and nothing around it
WORK_UNIT = 1024  # images
# In the space of x a feature's nearest are those of other neurons that have the very same image at their centre.
SPACE = "neuron"


def write_image_atlas(
    out: Path,
    images: ImageSet,
    layers: Sequence[ImageLayer],
    facts: Mapping,
    beside: Callable[[Path], None] = lambda folder: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """An atlas at `out`, and how many features it has. `progress` hears how many images have been read.

    `facts` are name, units, model, corpus, default_cut, seed, keep (0: every activation above 0), max_examples, and
    any other field of the manifest that is not as for all images. `beside` may write further files into the atlas.
    Raises WriteError, CollectError or IndexingError in one line.
    """
    source, job = ImageSource(layers), collect_job(images, layers, facts)
    check_weights(source)
    rows, statistics = collected(source, job, progress)
    found = features_of(rows, facts["default_cut"])
    texts = Texts(images.labels[:, None].astype(np.int32), job.lengths, images.classes, WINDOW, images.images)
    lost = {layer.rows.layer: np.full((layer.rows.n_rows, 0, WINDOW.back), np.nan, np.float32) for layer in found}
    features = indexed(found, texts, lost, facts["seed"], space=SPACE)
    told = {**usual_facts(job, layers, found), **facts}
    write_atlas(out, texts, found, statistics, lost, logits(source), features, told, beside=beside)
    return sum(layer.n_features for layer in found)


def collect_job(images: ImageSet, layers: Sequence[ImageLayer], facts: Mapping) -> CollectJob:
    """Every image is read, and its one position may be a key token."""
    everywhere = np.ones((len(images), 1), dtype=bool)
    return CollectJob(
        tokens=np.arange(len(images), dtype=np.int32)[:, None],
        lengths=np.ones(len(images), dtype=np.int32),
        allowed=everywhere,
        sampled=sampled(everywhere, RunConfig.sample_positions, facts["seed"]),
        rules={layer: Rule(facts["keep"], facts["max_examples"]) for layer in range(len(layers))},
        window=WINDOW,
        work_unit=WORK_UNIT,
    )


def collected(
    source: ImageSource, job: CollectJob, progress: Callable[[int, int], None]
) -> tuple[list[LayerRows], dict[int, LayerStatistics]]:
    """Every layer's activating examples, and its statistics."""
    gathering, units = Gathering(job), {}
    for unit in range(job.n_units):
        units[unit] = unit_candidates(source, job, (unit, gathering.hints()))
        gathering.add(unit, units[unit])
        progress(job.examples(unit).stop, job.n_examples)
    load = units.__getitem__
    rows = [layer_rows(job, layer, gathering.candidates(layer), source.layer(layer), load) for layer in job.layers]
    return rows, {layer: layer_statistics(layer, range(job.n_units), load) for layer in job.layers}


def logits(source: ImageSource) -> dict[int, Columns]:
    """What each neuron does to the classes, as columns of the schema."""
    tops = {layer: source.logit_effects(layer, LOGITS) for layer in source.layers}
    return {layer: {"logit_tokens": top.tokens, "logit_effects": top.effects} for layer, top in tops.items()}


def usual_facts(job: CollectJob, layers: Sequence[ImageLayer], found: Sequence[LayerFound]) -> dict:
    """The manifest's fields that are alike for all atlases of images."""
    n_rows = sum(layer.rows.n_rows for layer in found)
    return {
        "layer_names": [layer.name for layer in layers],
        "weights": "raw",
        "gated_embedding": None,
        "maxima": {"from": "corpus"},
        "baselines": [],
        "importance": {"examples": 0, "passes_allowed": 0, "rows": 0, "rows_in_all": n_rows, "passes": 0},
        "sample_positions": int(job.sampled.sum()),
        "contributions": NOT_SPLIT,
        "inputs": True,
        "default_space": SPACE,
        "embedding": REFERENCE,
        "work_unit": job.work_unit,
        "dtype": "float32",
        "device": "cpu",
        "threads": torch.get_num_threads(),
    }
