"""Load a tokenizer and a model from a hub name or a folder: complete, safe to load and matching."""

import contextlib
import copy
import errno
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import huggingface_hub
import numpy as np
import torch
from jaxtyping import Int
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.sources._hf_format import determine_architecture_from_hf_config
from transformer_lens.model_bridge.sources.transformers import get_hf_model_class_for_architecture
from transformer_lens.model_bridge.sources.transformers import source as bridge_source
from transformers import AutoConfig, AutoTokenizer, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from precompute.models.source import UnfitModelError
from precompute.models.transformer import faithful, settings
from precompute.models.transformer.errors import brief, of_the_machine, shortened
from precompute.models.transformer.probe import probe_tokens
from precompute.models.transformer.vocabularies import check_tokenizer, ordinary_ids
from precompute.run import hub

TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "tekken.json")
DOWNLOADED = ["*.json", "*.txt", "*.model", "*.safetensors"]
NOT_DOWNLOADED = ["*/*", "consolidated*"]  # duplicates of the weights for other libraries


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model. `has_head`: the logit weights were read, not randomly initialised."""

    bridge: TransformerBridge
    tokenizer: PreTrainedTokenizerBase
    has_head: bool
    n_embeddings: int


def open_checkpoint(model: str, device: torch.device, dtype: torch.dtype) -> Checkpoint:
    """Return the bridged model and its tokenizer. Raises UnfitModelError, in one line, if it cannot be read."""
    folder = _folder(model)
    _check_files(model, folder)
    with _quiet():
        tokenizer = _tokenizer(model, folder)
        weights, has_head = _weights(model, folder, dtype)
        n_embeddings = weights.get_input_embeddings().num_embeddings
        check_tokenizer(model, tokenizer, n_embeddings)
        bridge = _bridge(model, weights.to(device), tokenizer, ordinary_ids(tokenizer, n_embeddings))
        return Checkpoint(bridge, tokenizer, has_head, n_embeddings)


def _folder(model: str) -> Path:
    """Return the local folder of the model, downloaded if it is a hub name and the hub answers."""
    if Path(model).is_dir():
        return Path(model)
    reachable = hub.reachable()
    try:
        return Path(
            huggingface_hub.snapshot_download(
                model, allow_patterns=DOWNLOADED, ignore_patterns=NOT_DOWNLOADED, local_files_only=not reachable
            )
        )
    except Exception as error:  # of the hub client, the network or the disk
        if of_the_machine(error):
            raise
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise UnfitModelError(
                f"{model}: cannot be stored here ({error.strerror}): free disk space, or give a local folder"
            ) from error
        reason = "the model hub does not provide it" if reachable else "the model hub cannot be reached"
        raise UnfitModelError(
            f"{model}: no such folder, and {reason}; give a folder with config.json, *.safetensors and a tokenizer"
        ) from error


def _check_files(model: str, folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise UnfitModelError(f"{model}: no config.json; a model folder has config.json, *.safetensors and a tokenizer")
    if not any(folder.glob("*.safetensors")):
        raise UnfitModelError(
            f"{model}: no *.safetensors; other weight files can run code and are not opened: "
            "save the model again with save_pretrained"
        )
    # Without these the library does not fail: it creates an empty tokenizer.
    if not any((folder / name).is_file() for name in TOKENIZER_FILES):
        raise UnfitModelError(f"{model}: no tokenizer; put its {TOKENIZER_FILES[0]} beside config.json")


def _tokenizer(model: str, folder: Path) -> PreTrainedTokenizerBase:
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:
        if of_the_machine(error):
            raise
        raise UnfitModelError(f"{model}: the tokenizer cannot be loaded: {shortened(error)}") from error


def _weights(model: str, folder: Path, dtype: torch.dtype) -> tuple[PreTrainedModel, bool]:
    """Return the Hugging Face model, with all body weights read, and whether the head's weights were read as well."""
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model_class = get_hf_model_class_for_architecture(_architecture(model, config))
        weights, loading = model_class.from_pretrained(
            folder,
            config=config,
            dtype=dtype,
            attn_implementation="eager",
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # reported below, in one line
        )
    except UnfitModelError:
        raise
    except Exception as error:
        if of_the_machine(error):
            raise
        raise UnfitModelError(f"{model}: cannot be loaded: {shortened(error)}") from error
    # A checkpoint of the body alone has no head, and reading neurons needs none.
    body = [key for key in loading["missing_keys"] if key.startswith(weights.base_model_prefix) and "pooler" not in key]
    wrong = sorted(body) + sorted(key for key, *_ in loading["mismatched_keys"])
    if wrong:
        raise UnfitModelError(
            f"{model}: {len(wrong)} weights are missing or of another shape ({wrong[0]}); "
            "config.json and *.safetensors must belong to the same model"
        )
    broken = next((name for name, values in weights.named_parameters() if not bool(values.isfinite().all())), None)
    if broken:
        raise UnfitModelError(f"{model}: {broken} has values that are not finite; save or download the model again")
    return weights.eval(), not set(loading["missing_keys"]) - set(body)


def _architecture(model: str, config: PretrainedConfig) -> str:
    """Return transformer_lens's name of the architecture."""
    try:
        return determine_architecture_from_hf_config(config)
    except ValueError as error:
        named = ", ".join(getattr(config, "architectures", None) or [config.model_type])[:80]
        raise UnfitModelError(
            f"{model}: {named} is not an architecture that transformer_lens {version('transformer-lens')} supports "
            "(it supports GPT2LMHeadModel, LlamaForCausalLM, BertForMaskedLM and others)"
        ) from error


def _bridge(
    model: str, weights: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, ids: Int[np.ndarray, " n"]
) -> TransformerBridge:
    """Return the bridged model, after checking that its outputs are unchanged."""
    try:
        config = weights.config.get_text_config()
        positions = getattr(config, "max_position_embeddings", None) or faithful.SHORTEST
        length = faithful.prompt_length(config, positions - settings.offset(config))
        tokens = probe_tokens(ids, length)[:1].to(weights.device)
        expected = faithful.outputs_of(weights, tokens) if not config.is_encoder_decoder else None
        # The bridge changes its tokenizer's padding and special tokens, so it gets a copy.
        with _no_processors():
            bridge = TransformerBridge.boot_transformers(
                model, hf_model=weights, tokenizer=copy.deepcopy(tokenizer), device=weights.device, dtype=weights.dtype
            )
        if expected is not None:
            faithful.check_faithful(bridge, expected, tokens)
        return bridge
    except UnfitModelError as error:
        raise UnfitModelError(f"{model}: {error}") from error
    except Exception as error:
        if of_the_machine(error):
            raise
        kind = type(weights).__name__
        raise UnfitModelError(f"{model}: transformer_lens cannot read a {kind}: {brief(error)}") from error


@contextlib.contextmanager
def _no_processors() -> Iterator[None]:
    """Disable the image and audio processors of multimodal models, which are not used here.

    transformer_lens 4.3 would pip install torchvision for them, and another torch if torchvision requires one.
    """
    before = bridge_source.load_modality_processor
    bridge_source.load_modality_processor = lambda *_, **__: None
    try:
        yield
    finally:
        bridge_source.load_modality_processor = before


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Disable the libraries' warnings and progress bars; problems are checked here and reported in one line."""
    bars = transformers_logging.is_progress_bar_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.ERROR)
        transformers_logging.disable_progress_bar()
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)
            if bars:
                transformers_logging.enable_progress_bar()
