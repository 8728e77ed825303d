"""The stages of a build in their order: read the model and the corpus, collect, cluster, mask, index, write."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float

from ne_core.checks import file_sha256
from ne_core.windows import Window
from precompute import importance, offline
from precompute.assemble import write_atlas
from precompute.candidates import Rule
from precompute.collect import collect_tokens
from precompute.collected import LayerRows
from precompute.config import ConfigError, RunConfig
from precompute.features import features_of
from precompute.found import LayerFound, Texts
from precompute.maxima import read_maxima
from precompute.model_facts import model_facts
from precompute.progress import Progress
from precompute.sources.transformer import TransformerSource, open_transformer
from precompute.texts import Examples, make_examples, may_be_key, read_documents, vocabulary
from precompute.write import check_target

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Built:
    """What a finished build has to tell."""

    directory: Path
    n_neurons: int
    n_alive: int
    n_features: int
    seconds: float


def build(config: RunConfig) -> Built:
    """Run every stage and write the atlas. What cannot work is refused before the first long stage."""
    started = time.monotonic()
    check_target(config.directory)
    torch.manual_seed(config.seed)
    progress = Progress(n_stages=5)
    with progress.stage("model and corpus"):
        source = opened(config)
        given = given_maxima(config, source)
        examples, corpus = read_corpus(config, source)
    key = may_be_key(examples.tokens, examples.lengths, examples.special_ids)
    with progress.stage("collect", "examples") as told:
        rows = collected(config, source, examples, key, given, told)
    with progress.stage("features", "neurons") as told:
        layers = features_of(rows, config.cut, progress=told)
    texts = Texts(examples.tokens, examples.lengths, vocabulary(source.tokenizer), window(config))
    with progress.stage("importance", "masked passes") as told:
        lost = masked(config, source, layers, texts, examples, told)
    with progress.stage("similar features and writing", "searches") as told:
        about = facts(config, source, corpus, lost.facts)
        write_atlas(config.directory, texts, layers, lost.by_layer, about, told)
    return Built(
        config.directory,
        n_neurons=sum(len(found.rows.maxima) for found in layers),
        n_alive=sum(int((found.features.n_examples > 0).sum()) for found in layers),
        n_features=sum(found.n_features for found in layers),
        seconds=time.monotonic() - started,
    )


def opened(config: RunConfig) -> TransformerSource:
    if config.device.startswith("cuda") and not torch.cuda.is_available():
        raise ConfigError(f"device: {config.device}: torch finds no GPU here; auto or cpu would work")
    source = open_transformer(
        config.model,
        weights=config.weights,
        gated_embedding=config.gated_embedding,
        layers=config.layers,
        device=config.device,
        dtype=getattr(torch, config.dtype),
    )
    source.baselines(masks(config, source))  # a mask that this model cannot have is refused now
    return source


def window(config: RunConfig) -> Window:
    return Window(*config.window)


def masks(config: RunConfig, source: TransformerSource) -> tuple[str, ...]:
    return config.mask or (source.default_baseline(),)


def given_maxima(config: RunConfig, source: TransformerSource) -> dict[int, Float[np.ndarray, " n_neurons"]]:
    """By layer, where a file was named."""
    if config.maxima is None:
        return {}
    return read_maxima(Path(config.maxima), {layer: source.layer(layer).n_neurons for layer in source.layers})


def read_corpus(config: RunConfig, source: TransformerSource) -> tuple[Examples, dict]:
    """The examples, and what the manifest says of where they came from."""
    if config.context > source.n_ctx:
        raise ValueError(f"context: {config.context} tokens are more than this model's {source.n_ctx}")
    documents = read_documents(config.corpus, config.text_field)
    examples = make_examples(documents, source.tokenizer, config.examples, config.context, config.packing)
    notes = []
    if len(examples.tokens) < config.examples:
        notes.append(f"{config.examples} examples were asked for, the corpus has {len(examples.tokens)}")
        logger.warning("%s", notes[0])
    if config.corpus == "offline":
        notes += [str(status) for status in offline.report() if not status.as_listed]
    return examples, {
        "name": Path(config.corpus).name if Path(config.corpus).is_file() else config.corpus,
        "sha256": examples.sha256,
        "n_documents": examples.n_documents,
        "n_empty": examples.n_empty,
        "n_broken": documents.n_broken,
        "packing": examples.packing,
        "notes": notes,
    }


def collected(
    config: RunConfig,
    source: TransformerSource,
    examples: Examples,
    key: Bool[np.ndarray, "n_examples n_ctx"],
    given: dict[int, Float[np.ndarray, " n_neurons"]],
    told,
) -> list[LayerRows]:
    rules = {layer: Rule(config.keep, config.max_examples, given.get(layer)) for layer in source.layers}
    return collect_tokens(source, examples.tokens, examples.lengths, key, rules, window(config), config.work_unit, told)


def masked(
    config: RunConfig,
    source: TransformerSource,
    layers: list[LayerFound],
    texts: Texts,
    examples: Examples,
    told,
) -> importance.Importances:
    real = np.arange(texts.tokens.shape[1]) < texts.lengths[:, None]
    maskable = real & ~np.isin(texts.tokens, examples.special_ids)
    limits = importance.Limits(config.importance_examples, config.importance_passes)
    names = masks(config, source)
    return importance.importances(source, layers, texts, maskable, names, limits, config.work_unit, told)


def facts(config: RunConfig, source: TransformerSource, corpus: dict, computed: dict) -> dict:
    """The manifest's fields that the arrays cannot tell."""
    maxima = {"from": "corpus"}
    if config.maxima is not None:
        maxima = {"from": Path(config.maxima).name, "sha256": file_sha256(Path(config.maxima))}
    return {
        "name": config.atlas_name,
        "model": model_facts(config.model, source.name, source.gated, source.causal),
        "weights": config.weights,
        "gated_embedding": config.gated_embedding if source.gated else None,
        "corpus": corpus,
        "maxima": maxima,
        "keep": config.keep,
        "max_examples": config.max_examples,
        "baselines": list(masks(config, source)),
        "importance": computed,
        "default_space": "pre_mlp",
        "default_cut": config.cut,
        "work_unit": config.work_unit,
        "seed": config.seed,
        "dtype": config.dtype,
        "device": source.device.type,
    }
