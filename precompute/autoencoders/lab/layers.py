"""The lab's neurons and latents as layers of an atlas, and what its manifest says of them."""

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
    """The classifier's hidden neurons: x is the pixels."""
    return ImageLayer("MLP hidden", job.mlp.layer, pixels, job.h, job.mlp.W_out)


def latent_layers(job: LabJob, runs: Mapping[str, np.ndarray], shown: Mapping[str, int]) -> list[ImageLayer]:
    """The two runs that are shown: x is the classifier's hidden layer."""
    return [latent_layer(job, name, sae_of(runs, shown[kind])) for kind, name in NAMES.items()]


def latent_layer(job: LabJob, name: str, sae: SAE) -> ImageLayer:
    return ImageLayer(name, sae.layer, job.h, sae.latents(job.h), sae.W_dec @ job.mlp.W_out)


def sae_of(runs: Mapping[str, np.ndarray], run: int) -> SAE:
    """As it is stored, in float32 for arithmetic."""
    return SAE(**widened({name: runs[name][run] for name in WEIGHTS}))


def choices_of(out: Path, images: LabImages, job: LabJob, units: str, cut: float) -> ImageChoices:
    """What the manifest says of an atlas of the lab."""
    about = images.facts
    name = f"MLP of {images.name}" if units == "neurons" else f"SAEs on the MLP of {images.name}"
    notes = [f"images 0 to {about['n_train'] - 1} were trained on, the others were not"]
    n_images, sha256 = about["n_images"], about["sha256"]
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
