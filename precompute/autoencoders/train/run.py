"""Train from a model and a corpus to a folder that `build --sae` and SAELens read."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from ne_core.atlas.litter import is_empty
from ne_core.method.sae import SAE
from ne_core.sharing.destination import check_writable, destination
from precompute.autoencoders.loss.train import Run, Training
from precompute.autoencoders.train.activations import Corpus, activations, load_corpus
from precompute.autoencoders.train.measure import Dictionary, figures, losses, measure_alone
from precompute.autoencoders.train.settings import Settings
from precompute.autoencoders.train.steps import train_one
from precompute.config import ConfigError
from precompute.corpus import file_facts, read_documents
from precompute.models.autoencoder.files import write_sae
from precompute.models.autoencoder.forms.saelens import CFG
from precompute.models.model_facts import model_facts
from precompute.models.transformer import TransformerSource, open_transformer
from precompute.report import Figure
from precompute.run.code_hash import code_sha256
from precompute.run.device import check_device
from precompute.run.progress import Progress
from precompute.run.run_folder import run_folder
from precompute.write.atlas import libraries

# The version of SAELens whose form is written: of files without it, SAELens reads no metadata, the hook included.
FORM_VERSION = "6.0.0"


def train_sae(out: Path, settings: Settings) -> list[Figure]:
    """Train an autoencoder, write it to `out` and return its held-out figures. A stopped run is resumed."""
    check_out(out)
    check_device(settings.device)
    read_documents(settings.corpus)  # refuse an invalid file before the model is loaded
    training = training_settings(settings)
    torch.set_num_threads(settings.threads)
    source = open_transformer(settings.model, weights="raw", layers=[settings.layer], device=settings.device)
    with run_folder(out) as run:
        sha256 = model_facts(settings.model, source.name, source.gated, source.causal).sha256
        run.record_settings({**settings.fixed, **run_conditions(settings, source), "weights of the model": sha256})
        progress = Progress(n_stages=4, note=run.note)
        with progress.stage("corpus", "examples") as on_progress:
            corpus = load_corpus(source, settings, on_progress)
        with progress.stage("activations", "examples") as on_progress:
            h = activations(source, corpus.train, on_progress).to(source.device)
        with progress.stage("training", "steps") as on_progress:
            run_settings = Run(settings.lambda1, settings.lambda2, settings.seed)
            sae = train_one(h, run_settings, training, run.stage("steps"), settings.checkpoint, on_progress)
        with progress.stage("held-out examples"):
            held_out_figures = held_out_measures(source, sae, corpus)
        write(out, sae_config(source.name, sha256, sae, corpus, settings, held_out_figures), sae)
        run.remove()
    return [replace(figure, name=f"{figure.name}_{out.name}") for figure in held_out_figures]


def check_out(out: Path) -> None:
    """Raise ConfigError unless `out` is new, an empty folder or an autoencoder."""
    if out.is_dir():
        if not is_empty(out) and not (out / CFG).is_file():
            raise ConfigError(f"{out} holds files and is no autoencoder: it is left as it is, name another --out")
    elif out.exists():
        raise ConfigError(f"{out} is not a directory: name another --out")
    check_writable(out, destination(out) / CFG)


def run_conditions(settings: Settings, source: TransformerSource) -> dict:
    """Return the conditions that shape the weights besides the settings."""
    return {
        "kind of device": source.device.type,
        "number of threads": settings.threads,
        "library versions": libraries(),
        "code of this project": code_sha256(__name__),
        "corpus file": file_facts(settings.corpus),
    }


def training_settings(settings: Settings) -> Training:
    names = ("d_sae", "steps", "batch", "learning_rate", "ne_over")
    return Training(**{name: getattr(settings, name) for name in names})


def held_out_measures(source: TransformerSource, sae: SAE, corpus: Corpus) -> list[Figure]:
    dictionary = Dictionary(sae, source.device)
    return figures(
        measure_alone(dictionary, activations(source, corpus.held_out)), losses(source, dictionary, corpus.held_out)
    )


def write(out: Path, cfg: Mapping, sae: SAE) -> None:
    names = ("W_enc", "b_enc", "W_dec", "b_dec")
    tensors = {name: torch.from_numpy(getattr(sae, name)) for name in names}
    try:
        write_sae(out, cfg, tensors)
    except OSError as error:
        raise ConfigError(
            f"{out} cannot be written ({error.strerror or error}): the trained weights are saved, run the command again"
        ) from error


def sae_config(
    model: str, model_sha256: str, sae: SAE, corpus: Corpus, settings: Settings, held_out_figures: list[Figure]
) -> Mapping:
    """Settings in SAELens's format, with the origin of the weights in `metadata`."""
    training = {name: value for name, value in settings.fixed.items() if name != "model"}
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
            "sae_lens_version": FORM_VERSION,
            "model_name": model,
            "model_sha256": model_sha256,
            "hook_name": f"blocks.{settings.layer}.mlp.hook_post",
            "hook_head_index": None,
            "context_size": settings.context,
            "dataset_path": Path(settings.corpus).name,
            "corpus_sha256": corpus.sha256,
            "corpus_notes": list(corpus.notes),
            "training": training | {"corpus": Path(settings.corpus).name},
            "held_out": {figure.name: figure.value for figure in held_out_figures},
        },
    }
