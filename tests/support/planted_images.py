"""A small atlas of images with features known by construction: three classes, each with its own inputs."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ne_core.atlas.manifest import Corpus, Model
from ne_core.method.layer import NeuronLayer
from precompute.autoencoders.images import ImageChoices, ImageLayer, ImageSet, write_image_atlas

CLASSES = ["bar", "<b>cross</b>", "3"]
N, HEIGHT, WIDTH, D_IN, CUT = 150, 5, 4, 6, 0.3
BRIGHTEST = 16  # largest pixel value, as in scikit-learn's digits
NAMES = ["standard SAE", "NE SAE"]
# Classes for which each latent is active; the second layer has another order.
ACTIVE_FOR = [[0, 1], [2], [], [0, 1, 2]]
ORDERS = [[0, 1, 2, 3], [3, 0, 1, 2]]


def planted_set() -> ImageSet:
    """Return images in which class c lights row c, with one brightest pixel; classes alternate."""
    labels = np.arange(N) % len(CLASSES)
    images = np.zeros((N, HEIGHT, WIDTH), dtype=np.uint8)
    images[np.arange(N), labels] = 9
    images[np.arange(N), labels, np.arange(N) // len(CLASSES) % WIDTH] = BRIGHTEST
    return ImageSet(images, labels, CLASSES)


def planted_x(labels: np.ndarray) -> np.ndarray:
    """Class c is strong on inputs 2c and 2c + 1, and nearly silent elsewhere."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 0.02, size=(len(labels), D_IN))
    rows = np.arange(len(labels))
    x[rows, 2 * labels] += rng.uniform(1, 1.2, size=len(labels))
    x[rows, 2 * labels + 1] += rng.uniform(0.9, 1.1, size=len(labels))
    return x.astype(np.float32)


def planted_layer(name: str, order: list[int], x: np.ndarray) -> ImageLayer:
    """Return latents that read the inputs of their classes; a bias keeps them silent for the others."""
    W_in = np.zeros((D_IN, len(order)), dtype=np.float32)
    for latent, latent_kind in enumerate(order):
        for label in ACTIVE_FOR[latent_kind]:
            W_in[2 * label : 2 * label + 2, latent] = 1 + 0.1 * latent
    b_in = np.full(len(order), -0.5, dtype=np.float32)
    logits = W_in.reshape(len(CLASSES), 2, -1).sum(axis=1).T
    return ImageLayer(name, NeuronLayer(W_in, b_in), x, np.maximum(x @ W_in + b_in, 0), logits)


def planted_layers(images: ImageSet) -> list[ImageLayer]:
    x = planted_x(images.labels)
    return [planted_layer(name, order, x) for name, order in zip(NAMES, ORDERS, strict=True)]


CHOICES = ImageChoices(
    name="planted images",
    units="latents",
    model=Model(name="planted", family="none", act_fn="relu", gated=False, sha256="0"),
    corpus=Corpus(name="bars and crosses", sha256="0", n_documents=N, notes=[]),
    default_cut=CUT,
    seed=0,
    keep=0.0,
    max_examples=100,
)


def make_image_atlas(out: Path, **changes) -> Path:
    """Write the planted atlas to `out` with the real steps; `changes` replace fields of its choices."""
    images = planted_set()
    write_image_atlas(out, images, planted_layers(images), replace(CHOICES, **changes))
    return out
