"""A training run from model and corpus to a folder that `build --sae` and SAELens read."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from ne_core.atlas.litter import is_empty
from ne_core.method.sae import SAE
from ne_core.sharing.destination import check_writable, destination
from precompute.autoencoders.loss.train import Run, Training
from precompute.autoencoders.train.activations import Corpus, activations, corpus_of
from precompute.autoencoders.train.measure import Dictionary, alone, figures, losses
from precompute.autoencoders.train.settings import Settings
from precompute.autoencoders.train.steps import train_one
from precompute.config import ConfigError
from precompute.corpus import read_documents
from precompute.models.autoencoder.files import CFG, write_sae
from precompute.models.model_facts import model_facts
from precompute.models.transformer import TransformerSource, open_transformer
from precompute.report import Figure
from precompute.run.code_hash import code_sha256
from precompute.run.device import check_device
from precompute.run.progress import Progress
from precompute.run.run_folder import run_folder
from precompute.write.atlas import libraries


def train_sae(out: Path, settings: Settings) -> list[Figure]:
    """The held-out figures of the autoencoder now at `out`; what a stopped run left beside it is taken up."""
    check_out(out)
    check_device(settings.device)
    read_documents(settings.corpus)  # a file that is no corpus is refused before the model is opened
    how = training(settings)
    torch.set_num_threads(settings.threads)
    source = open_transformer(settings.model, weights="raw", layers=[settings.layer], device=settings.device)
    with run_folder(out) as run:
        sha256 = model_facts(settings.model, source.name, source.gated, source.causal).sha256
        run.record_settings({**settings.fixed, **surroundings(settings, source), "weights of the model": sha256})
        progress = Progress(n_stages=4, note=run.note)
        with progress.stage("corpus", "examples") as told:
            corpus = corpus_of(source, settings, told)
        with progress.stage("activations", "examples") as told:
            h = activations(source, corpus.train, told).to(source.device)
        with progress.stage("training", "steps") as told:
            weights = Run(settings.lambda1, settings.lambda2, settings.seed)
            sae = train_one(h, weights, how, run.stage("steps"), settings.checkpoint, told)
        with progress.stage("held-out examples"):
            found = measured(source, sae, corpus)
        write(out, cfg_of(source.name, sha256, sae, corpus, settings, found), sae)
        run.remove()
    return [replace(figure, name=f"{figure.name}_{out.name}") for figure in found]


def check_out(out: Path) -> None:
    """Only nothing, an empty folder or an autoencoder is replaced."""
    if out.is_dir():
        if not is_empty(out) and not (out / CFG).is_file():
            raise ConfigError(f"{out} holds files and is no autoencoder: it is left as it is, name another --out")
    elif out.exists():
        raise ConfigError(f"{out} is not a directory: name another --out")
    check_writable(out, destination(out) / CFG)


def surroundings(settings: Settings, source: TransformerSource) -> dict:
    """What shapes the weights besides the settings."""
    corpus = Path(settings.corpus)
    return {
        "kind of device": source.device.type,
        "number of threads": settings.threads,
        "library versions": libraries(),
        "code of this project": code_sha256(__name__),
        "corpus file": [corpus.stat().st_size, corpus.stat().st_mtime_ns] if corpus.is_file() else None,
    }


def training(settings: Settings) -> Training:
    names = ("d_sae", "steps", "batch", "learning_rate", "ne_over")
    return Training(**{name: getattr(settings, name) for name in names})


def measured(source: TransformerSource, sae: SAE, corpus: Corpus) -> list[Figure]:
    there = Dictionary(sae, source.device)
    return figures(alone(there, activations(source, corpus.held_out)), losses(source, there, corpus.held_out))


def write(out: Path, cfg: Mapping, sae: SAE) -> None:
    names = ("W_enc", "b_enc", "W_dec", "b_dec")
    tensors = {name: torch.from_numpy(getattr(sae, name)) for name in names}
    try:
        write_sae(out, cfg, tensors)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written ({error.strerror or error}): what is trained is kept") from error


def cfg_of(model: str, model_sha256: str, sae: SAE, corpus: Corpus, settings: Settings, found: list[Figure]) -> Mapping:
    """SAELens's settings, and in its metadata where these weights came from."""
    trained = {name: value for name, value in settings.fixed.items() if name != "model"}
    return {
        "architecture": "standard",
        "d_in": len(sae.b_dec),
        "d_sae": len(sae.b_enc),
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": False,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {
            "model_name": model,
            "model_sha256": model_sha256,
            "hook_name": f"blocks.{settings.layer}.mlp.hook_post",
            "hook_head_index": None,
            "context_size": settings.context,
            "dataset_path": Path(settings.corpus).name,
            "corpus_sha256": corpus.sha256,
            "corpus_notes": list(corpus.notes),
            "training": trained | {"corpus": Path(settings.corpus).name},
            "held_out": {figure.name: figure.value for figure in found},
        },
    }
