"""Inputs of a build: model, corpus and maxima, checked before the first long step."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float

from ne_core.atlas.documents import DocumentTable
from ne_core.atlas.manifest import Corpus, Model
from ne_core.atlas.typed_json import from_json, to_json
from ne_core.text.windows import Window
from precompute.config import ConfigError, RunConfig
from precompute.corpus import (
    Examples,
    chat_template,
    corpus_name,
    end_of_text,
    file_facts,
    group_kind,
    make_examples,
    may_be_key,
    offline,
    read_documents,
    vocabulary,
)
from precompute.disk_space import check_disk_space, disk_space_needed
from precompute.models.model_facts import model_facts
from precompute.models.open_model import ModelSpec, load_model
from precompute.models.source import UnfitModelError
from precompute.models.text_source import MaskingMode, NotMaskedError, TextSource
from precompute.models.transformer.vocabularies import UnfitTextsError, check_texts
from precompute.recorded import recorded_config, recorded_corpus, recorded_examples, recorded_files, recorded_model
from precompute.run.checkpoints import Checkpoints
from precompute.run.code_hash import code_sha256
from precompute.run.device import check_device
from precompute.run.engines.local import n_cores
from precompute.run.run_folder import RunFolder
from precompute.steps.layer_features import Texts
from precompute.steps.maxima import maxima_sha256, read_maxima
from precompute.write.atlas import libraries

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """Inputs of every step."""

    config: RunConfig
    spec: ModelSpec
    source: TextSource
    model: Model
    examples: Examples
    corpus: Corpus
    maxima: dict[int, Float[np.ndarray, " n_neurons"]]
    way: MaskingMode | None  # method of running masked prompts; None if there are none
    vocab: list[str]

    @property
    def facts(self) -> dict[str, Any]:
        """Fields of the manifest that no step adds."""
        config, source = self.config, self.source
        return {
            "name": config.atlas_name,
            "model": self.model,
            "units": source.units,
            "weights": source.weights,
            "gated_embedding": config.gated_embedding if source.gated else None,
            "corpus": self.corpus,
            "documents": group_kind(config.corpus) if self.examples.documents else None,
            "inputs": config.inputs,
            "seed": config.seed,
            "dtype": config.dtype,
            "device": source.device.type,
            "threads": self.spec.threads,
        }

    @property
    def window(self) -> Window:
        return Window(*self.config.window)

    @cached_property
    def texts(self) -> Texts:
        return Texts(self.examples.tokens, self.examples.lengths, self.vocab, self.window)

    @property
    def masks(self) -> tuple[str, ...]:
        return self.config.mask or (self.source.default_baseline(),)

    @property
    def may_be_key(self) -> Bool[np.ndarray, "n_examples n_ctx"]:
        return may_be_key(self.examples.tokens, self.examples.lengths, self.examples.special_ids)

    @property
    def maskable(self) -> Bool[np.ndarray, "n_examples n_ctx"]:
        """True for real tokens with text, which special tokens and padding are not."""
        tokens = self.examples.tokens
        real = np.arange(tokens.shape[1]) < self.examples.lengths[:, None]
        return real & ~np.isin(tokens, self.examples.special_ids)


def prepare(config: RunConfig, run: RunFolder, on_progress: Callable[[int, int], None]) -> Prepared:
    """Load the model, and read the corpus or load it from the run folder."""
    torch.manual_seed(config.seed)
    run.record_settings(config.settings)
    if config.activations is not None:
        return prepare_recorded(config, run)
    read_documents(config.corpus, config.text_field)  # refuse an invalid corpus before the model is loaded
    spec = model_spec(config)
    load_model.cache_clear()  # the files in the folder may have changed
    source = load_model(spec)
    model = model_facts(config.model, source.name, source.gated, source.causal)
    if spec.sae is not None:
        model = replace(model, sae=source.facts(model.sha256))
    run.record_settings(run_environment(config, spec, model))
    source.baselines(config.mask or (source.default_baseline(),))  # refuse a mask that this model does not support
    check_disk_space(config.directory, disk_space_needed(config, source, max(1, len(config.mask))))
    maxima = maxima_from_file(config, source)
    way = None if config.importance_passes == 0 else masking_way(config, source)
    examples, corpus = load_corpus(config, source, run.stage("corpus"), on_progress)
    return Prepared(config, spec, source, model, examples, corpus, maxima, way, vocabulary(source.tokenizer))


def prepare_recorded(config: RunConfig, run: RunFolder) -> Prepared:
    """Read recorded activations instead of a model and a corpus."""
    spec = model_spec(config)
    load_model.cache_clear()
    source = load_model(spec)
    recording = source.recording
    config, model = recorded_config(config, recording), recorded_model(recording)
    run.record_settings(run_environment(config, spec, model))
    check_disk_space(config.directory, disk_space_needed(config, source, 1))
    examples = recorded_examples(recording, config.examples)
    corpus, maxima = recorded_corpus(recording, examples), maxima_from_file(config, source)
    for note in corpus.notes[1:]:
        logger.warning("%s", note)
    return Prepared(config, spec, source, model, examples, corpus, maxima, None, recording.vocab)


def masking_way(config: RunConfig, source: TextSource) -> MaskingMode:
    """Return the method of masking prompts of the build's length. Raises ConfigError if the model supports none."""
    try:
        return source.masking_mode(min(config.context, source.n_ctx))
    except NotMaskedError as error:
        raise ConfigError(f"{config.model}: {error}: --importance-passes 0 leaves it out") from error
    except UnfitModelError as error:
        raise ConfigError(f"{config.model}: {error}") from error


def model_spec(config: RunConfig) -> ModelSpec:
    device = ("cuda" if torch.cuda.is_available() else "cpu") if config.device == "auto" else config.device
    check_device(device)
    model = str(Path(config.model).resolve()) if Path(config.model).is_dir() else config.model
    threads = config.threads or n_cores()
    sae = str(Path(config.sae).resolve()) if config.sae and Path(config.sae).exists() else config.sae
    how = config.weights, config.gated_embedding, config.layers, device, config.dtype, threads
    recorded = str(Path(config.activations).resolve()) if config.activations else None
    return ModelSpec(model, *how, sae, recorded)


def run_environment(config: RunConfig, spec: ModelSpec, model: Model) -> dict:
    """Return what determines the result besides the options: hardware, versions, files, and this code."""
    return {
        "kind of device": torch.device(spec.device).type,
        "number of threads": spec.threads,
        "library versions": libraries(),
        "code of this project": code_sha256("precompute.build"),
        "weights of the model": model.sha256,
        "autoencoder": model.sae and [model.sae[name] for name in ("sha256", "hook", "fields")],
        "corpus file": recorded_files(config.activations) if config.activations else file_facts(config.corpus),
        "file of maxima": maxima_sha256(Path(config.maxima)) if config.maxima else None,
    }


def maxima_from_file(config: RunConfig, source: TextSource) -> dict[int, Float[np.ndarray, " n_neurons"]]:
    """Read the maxima of each layer from the file of --maxima; empty without one."""
    if config.maxima is None:
        return {}
    return read_maxima(Path(config.maxima), {layer: source.layer(layer).n_neurons for layer in source.layers})


def load_corpus(
    config: RunConfig, source: TextSource, checkpoints: Checkpoints, on_progress: Callable[[int, int], None]
) -> tuple[Examples, Corpus]:
    """Load the examples and their description for the manifest from the run folder, or read the corpus first."""
    if 0 not in checkpoints.done():
        checkpoints.save(0, corpus_arrays(*read_corpus(config, source, on_progress)))
    return corpus_from(checkpoints.load(0))


def read_corpus(
    config: RunConfig, source: TextSource, on_progress: Callable[[int, int], None]
) -> tuple[Examples, Corpus]:
    if config.context > source.n_ctx:
        raise ValueError(f"context: {config.context} tokens are more than this model's {source.n_ctx}")
    ends = end_of_text(source.tokenizer)
    template = chat_template(source.tokenizer)
    documents = read_documents(config.corpus, config.text_field, config.separator, ends, template)
    try:
        examples = make_examples(
            documents.with_sources(), source.tokenizer, config.examples, config.context, config.packing, on_progress
        )
        check_texts(examples, source.tokenizer, source.n_embeddings)
    except UnfitTextsError as error:
        raise ConfigError(f"{config.corpus}: {error}") from error
    except OSError as error:
        raise ConfigError(
            f"{config.corpus}: cannot be read beyond document {documents.n_read:,} ({error.strerror or error}): "
            "use another corpus, or repeat the same command when the file is readable"
        ) from error
    notes = documents.notes
    if len(examples.tokens) < config.examples:
        notes.append(f"{config.examples} examples were requested, the corpus has {len(examples.tokens)}")
    for note in notes:
        logger.warning("%s", note)
    if config.corpus == "offline":
        notes += [str(status) for status in offline.report() if not status.as_listed]
    return examples, Corpus(
        name=corpus_name(config.corpus),
        sha256=examples.sha256,
        n_documents=examples.n_documents,
        packing=examples.packing,
        notes=notes,
        extra={"n_empty": examples.n_empty, **documents.facts},
    )


def corpus_arrays(examples: Examples, corpus: Corpus) -> dict[str, np.ndarray]:
    facts = np.frombuffer(json.dumps(to_json(corpus)).encode(), dtype=np.uint8)
    return {
        "tokens": examples.tokens,
        "lengths": examples.lengths,
        "special_ids": examples.special_ids,
        "corpus": facts,
        **examples.documents.columns(),
    }


def corpus_from(arrays: Mapping[str, np.ndarray]) -> tuple[Examples, Corpus]:
    corpus = json.loads(arrays["corpus"].tobytes())
    fields = {name: corpus[name] for name in ("packing", "n_documents", "n_empty", "sha256")}
    tokens, lengths, special_ids = (arrays[name] for name in ("tokens", "lengths", "special_ids"))
    documents = DocumentTable.of(tokens.shape[1], arrays)
    examples = Examples(tokens=tokens, lengths=lengths, special_ids=special_ids, documents=documents, **fields)
    return examples, from_json(Corpus, corpus)
