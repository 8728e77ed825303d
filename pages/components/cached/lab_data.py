"""What the lab page computes once and keeps: a run on every image, a unit and its features."""

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
class Which:
    """A unit by name: a latent of a run, or, without a run, a hidden neuron of the MLP."""

    run: int | None
    number: int

    @property
    def noun(self) -> str:
        return "hidden neuron" if self.run is None else "latent"


@per_atlas(entries=64)
def seen_by(atlas: Atlas, run: int) -> Predictions:
    return predict_images(atlas.lab, run)


@per_atlas()
def seen_clean(atlas: Atlas) -> Predictions:
    """The MLP by itself, its hidden neurons in the place of latents."""
    lab = atlas.lab
    return Predictions(predicted(lab.mlp.logits(lab.hidden)), (lab.hidden > 0).sum(axis=0))


def seen_of(atlas: Atlas, which: Which) -> Predictions:
    return seen_clean(atlas) if which.run is None else seen_by(atlas, which.run)


def unit_of(atlas: Atlas, which: Which) -> Unit:
    lab = atlas.lab
    return neuron(lab, which.number) if which.run is None else latent(lab, which.run, which.number)


@per_atlas(entries=1024)
def meanings_of(atlas: Atlas, run: int | None, number: int) -> UnitFeatures | None:
    """Of a latent, or without a run of a hidden neuron; None for a dead one."""
    return unit_features(unit_of(atlas, Which(run, number)))


@per_atlas(entries=256)
def alone_of(atlas: Atlas, run: int | None, number: int) -> PixelExtremes:
    unit = unit_of(atlas, Which(run, number))
    return linear_pixel_extremes(unit.w, unit.b) if run is None else mlp_pixel_extremes(atlas.lab.mlp, unit.w, unit.b)


def picture_hidden(atlas: Atlas, pixels: Float[np.ndarray, " d_pixels"]) -> Float[np.ndarray, " d_hidden"]:
    """The hidden layer on one picture."""
    return atlas.lab.mlp.hidden(pixels[None])[0]
