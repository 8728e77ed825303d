"""Cached computations of the lab page: a run on every image, a unit and its features."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.lab.head_to_head import Predictions, predict_images
from ne_core.lab.maps import PixelExtremes, linear_pixel_extremes, mlp_pixel_extremes
from ne_core.lab.unit_features import UnitFeatures, unit_features
from ne_core.lab.units import Unit, latent, neuron
from ne_core.method.mlp import predicted
from pages.components.cached.per_atlas import per_atlas


@dataclass(frozen=True)
class UnitId:
    """Identifier of a unit: a latent of a run, or, without a run, a hidden neuron of the MLP."""

    run: int | None
    number: int

    @property
    def noun(self) -> str:
        return "hidden neuron" if self.run is None else "latent"


@per_atlas(entries=64)
def run_outcome(atlas: Atlas, run: int) -> Predictions:
    return predict_images(atlas.lab, run)


@per_atlas()
def mlp_outcome(atlas: Atlas) -> Predictions:
    """Predictions of the MLP alone, and the number of images that activate each hidden neuron."""
    lab = atlas.lab
    return Predictions(predicted(lab.mlp.logits(lab.hidden)), (lab.hidden > 0).sum(axis=0))


def outcome_of(atlas: Atlas, unit_id: UnitId) -> Predictions:
    return mlp_outcome(atlas) if unit_id.run is None else run_outcome(atlas, unit_id.run)


def unit_of(atlas: Atlas, unit_id: UnitId) -> Unit:
    lab = atlas.lab
    return neuron(lab, unit_id.number) if unit_id.run is None else latent(lab, unit_id.run, unit_id.number)


@per_atlas(entries=1024)
def meanings_of(atlas: Atlas, run: int | None, number: int) -> UnitFeatures | None:
    """Features of a latent, or without a run of a hidden neuron; None for a dead one."""
    return unit_features(unit_of(atlas, UnitId(run, number)))


@per_atlas(entries=256)
def alone_of(atlas: Atlas, run: int | None, number: int) -> PixelExtremes:
    unit = unit_of(atlas, UnitId(run, number))
    return linear_pixel_extremes(unit.w, unit.b) if run is None else mlp_pixel_extremes(atlas.lab.mlp, unit.w, unit.b)


def picture_hidden(atlas: Atlas, pixels: Float[np.ndarray, " d_pixels"]) -> Float[np.ndarray, " d_hidden"]:
    """Activations of the hidden layer on one picture."""
    return atlas.lab.mlp.hidden(pixels[None])[0]
