"""Layers of an atlas from the lab's neurons and latents, and the facts of its manifest."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ne_core.atlas.manifest import Corpus, Model
from ne_core.method.sae import SAE
from precompute.autoencoders.images.arrays import ImageLayer
from precompute.autoencoders.images.atlas import ImageChoices
from precompute.autoencoders.lab.images import LabImages
from precompute.autoencoders.lab.mlp import MLP_WEIGHTS
from precompute.autoencoders.lab.runs import WEIGHTS, LabJob, widened

NAMES = {"standard": "standard SAE", "ne": "NE SAE"}


def neuron_layer(job: LabJob, pixels: Float[np.ndarray, "n d_pixels"]) -> ImageLayer:
    """Layer of the classifier's hidden neurons: x is the pixels."""
    return ImageLayer("MLP hidden", job.mlp.layer, pixels, job.h, job.mlp.W_out)


def latent_layers(job: LabJob, runs: Mapping[str, np.ndarray], pair: Mapping[str, int]) -> list[ImageLayer]:
    """Layers of the displayed pair of runs: x is the classifier's hidden layer."""
    return [latent_layer(job, name, sae_of(runs, pair[kind])) for kind, name in NAMES.items()]


def latent_layer(job: LabJob, name: str, sae: SAE) -> ImageLayer:
    return ImageLayer(name, sae.layer, job.h, sae.latents(job.h), sae.W_dec @ job.mlp.W_out)


def sae_of(runs: Mapping[str, np.ndarray], run: int) -> SAE:
    """Autoencoder of a run, its stored weights in float32 for arithmetic."""
    return SAE(**widened({name: runs[name][run] for name in WEIGHTS}))


def image_choices(out: Path, images: LabImages, job: LabJob, units: str, cut: float) -> ImageChoices:
    """Facts of the manifest for an atlas of the lab."""
    facts = images.facts
    name = f"MLP of {images.name}" if units == "neurons" else f"SAEs on the MLP of {images.name}"
    notes = [f"images 0 to {facts['n_train'] - 1} were trained on, the others were not"]
    n_images, sha256 = facts["n_images"], facts["sha256"]
    return ImageChoices(
        name=out.name,
        units=units,
        model=Model(name=name, family="mlp", act_fn="relu", gated=False, causal=True, sha256=mlp_sha256(job)),
        corpus=Corpus(name=images.name, sha256=sha256, n_documents=n_images, packing="one", notes=notes),
        keep=0.0,
        max_examples=job.settings.most_examples,
        default_cut=cut,
        seed=job.settings.mlp.seed,
    )


def mlp_sha256(job: LabJob) -> str:
    return hashlib.sha256(b"".join(getattr(job.mlp, name).tobytes() for name in MLP_WEIGHTS)).hexdigest()
