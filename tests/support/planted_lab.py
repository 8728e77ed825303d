"""A small lab whose units can be computed by hand: 4×4 images in which each quadrant is one hidden neuron.

Hidden neuron q is the mean brightness of quadrant q minus DARK. Class c ("left", "<b>right</b>", "below") lights
quadrant 0, quadrant 1, or 2 and 3. Some labels are wrong, so the MLP makes errors.
"""

import json
from pathlib import Path

import numpy as np

from ne_core.atlas.lab import Lab
from ne_core.atlas.lab_schema import MEASURES
from ne_core.atlas.manifest import Corpus, Model
from ne_core.method.layer import NeuronLayer
from ne_core.method.mlp import MLP
from precompute.autoencoders.images import ImageChoices, ImageLayer, ImageSet, write_image_atlas
from precompute.autoencoders.lab.write import LabArrays, write_lab

CLASSES = ["left", "<b>right</b>", "below"]
N, SIDE, N_TRAIN, D_HIDDEN, D_SAE = 150, 4, 120, 4, 8
PIXEL_MAX, DARK, CUT = 15, 0.125, 0.05
QUADRANTS = [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]
WRONG = [125, 140]  # images whose label is not the class that is drawn
# Hidden neurons that each latent of a run reads; other latents are dead.
ONE, TWO, BOTH, BELOW, AGAINST = 0, 1, 2, 3, 4
READS = {ONE: [1, 0, 0, 0], TWO: [0, 1, 0, 0], BOTH: [1, 1, 0, 0], BELOW: [0, 0, 1, 1], AGAINST: [1, -1, 0, 0]}
DEAD = 7
# λ1, λ2, seed, L0, FVU, effective inputs of each run. Run 5 gives the same output for every image.
RUNS = [
    (0.1, 0, 0, 1.5, 0.10, 3.0),
    (0.2, 0, 0, 1.0, 0.30, 3.0),
    (0.1, 0, 1, 2.5, 0.05, 2.8),
    (0.1, 1, 0, 1.6, 0.12, 2.9),
    (0.2, 1, 0, 1.1, 0.28, 1.1),
    (0.1, 1, 1, 2.4, 0.20, 2.7),
]
STANDARD, NE, SILENT = 0, 3, 5


def planted_images() -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels: classes alternate, every third image is dimmer, pixels of a quadrant vary."""
    rng, drawn = np.random.default_rng(0), np.arange(N) % 3
    flat = np.zeros((N, SIDE * SIDE), dtype=np.uint8)
    for image, label in enumerate(drawn):
        lit = QUADRANTS[label] if label < 2 else QUADRANTS[2] + QUADRANTS[3]
        flat[image, lit] = rng.integers(9, 12, size=len(lit)) if image % 9 < 3 else rng.integers(13, 16, size=len(lit))
    labels = drawn.copy()
    labels[WRONG] = (drawn[WRONG] + 1) % 3
    return flat.reshape(N, SIDE, SIDE), labels


def planted_mlp() -> MLP:
    W_in, W_out = np.zeros((SIDE * SIDE, D_HIDDEN), np.float32), np.zeros((D_HIDDEN, 3), np.float32)
    for neuron, quadrant in enumerate(QUADRANTS):
        W_in[quadrant, neuron] = 0.25
        W_out[neuron, min(neuron, 2)] = 4
    return MLP(W_in, np.full(D_HIDDEN, -DARK, np.float32), W_out, np.zeros(3, np.float32))


def planted_weights() -> dict[str, np.ndarray]:
    """Return weights of all runs, later ones smaller; ONE, TWO and BELOW reconstruct their inputs."""
    n = len(RUNS)
    W_enc, W_dec = np.zeros((n, D_HIDDEN, D_SAE)), np.zeros((n, D_SAE, D_HIDDEN))
    for run in range(n):
        for latent, reads in READS.items():
            W_enc[run, :, latent] = np.array(reads) / (1 + run)
        for latent in (ONE, TWO, BELOW) if run != SILENT else ():
            W_dec[run, latent] = np.array(READS[latent]) * (1 + run) / np.sum(READS[latent])
    b_enc = np.zeros((n, D_SAE))
    b_enc[:, len(READS) :] = -1
    return {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": np.zeros((n, D_HIDDEN))}


def planted_runs() -> dict[str, np.ndarray]:
    lambda1, lambda2, seed, l0, fvu, inputs = (np.array(each) for each in zip(*RUNS, strict=True))
    measures = {column.name: np.full(len(RUNS), 0.25) + 0.01 * np.arange(len(RUNS)) for column in MEASURES}
    columns = {"run": np.arange(len(RUNS)), "seed": seed, "lambda1": lambda1, "lambda2": lambda2}
    return columns | measures | {"l0": l0, "fvu": fvu, "effective_inputs": inputs}


def planted_facts() -> dict:
    return {
        "neurons_atlas": "planted-mlp",
        "pixel_max": PIXEL_MAX,
        "n_train": N_TRAIN,
        "classes": CLASSES,
        "cut": CUT,
        "max_examples": 100,
        "data": {"name": "quadrants", "sha256": "0"},
        "mlp": {"accuracy_train": 1.0, "accuracy_test": 0.9333, "hidden_l0": 1.33},
        "settings": {"steps": 0},
        "shown": {"standard": STANDARD, "ne": NE},
        "identity": {column.name: 0.5 for column in MEASURES} | {"mean_distance": 0.0, "effective_inputs": 1.0},
        "measures": {column.name: column.meaning for column in MEASURES},
    }


def planted_arrays() -> LabArrays:
    mlp, weights = planted_mlp(), planted_weights()
    named = {f"mlp_{part}": getattr(mlp, part) for part in ("W_in", "b_in", "W_out", "b_out")}
    return LabArrays(planted_images()[1], **named, **weights, runs=planted_runs(), facts=planted_facts())


def planted_lab() -> Lab:
    """Return the lab as read from disk, without a file."""
    images, labels = planted_images()
    weights = {part: values.astype(np.float32) for part, values in planted_weights().items()}
    return Lab(planted_facts(), images, labels.astype(np.int16), planted_mlp(), planted_runs(), weights)


def make_lab_atlas(out: Path) -> Path:
    """Write an atlas of the displayed runs, with the lab inside, with the real steps."""
    lab = planted_lab()
    layers = []
    for name, run in (("standard SAE", STANDARD), ("NE SAE", NE)):
        sae = lab.sae(run)
        effects = sae.W_dec @ lab.mlp.W_out
        layers.append(ImageLayer(name, NeuronLayer(sae.W_enc, sae.b_enc), lab.hidden, sae.latents(lab.hidden), effects))
    choices = ImageChoices(
        name="planted lab",
        units="latents",
        model=Model(name="planted", family="none", act_fn="relu", gated=False, causal=False, sha256="0"),
        corpus=Corpus(name="quadrants", sha256="0", n_documents=N, packing="one", notes=[]),
        default_cut=CUT,
        seed=0,
        keep=0.0,
        max_examples=100,
    )
    images = ImageSet(lab.images, lab.labels, CLASSES)
    write_image_atlas(out, images, layers, choices, beside=lambda folder: write_lab(folder, planted_arrays()))
    return out


def lab_json(root: Path) -> dict:
    return json.loads((root / "lab" / "lab.json").read_text())
