"""The view of the page SAE lab, as a URL: two runs, a picture, a unit and its features."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.atlas.lab import Lab
from ne_core.lab.head_to_head import sae_forward
from ne_core.lab.sweep import counterpart
from ne_core.refs import FeatureRef
from pages.components.cached.lab_data import UnitId, meanings_of, outcome_of, picture_hidden
from pages.components.text.lab_words import MEASURES
from pages.components.url.atlas_fields import cut
from pages.components.url.declared import Addressed, Context
from pages.components.url.drawing import from_text
from pages.components.url.fields import InvalidValue, choice, named, whole

AMONG = {"test": "All test images", "mlp": "Wrong: the MLP", "run": "Wrong: this run", "against": "Wrong: against"}
LAYERS = ("standard", "ne")  # kinds of the two runs that are the atlas's layers
ALL, HIDE = "all", "hide"


def runs(c: Context) -> range:
    return range(c.atlas.lab.n_runs)


def usual_against(lab: Lab, run: int) -> int:
    """Default run to compare with: the other one of the atlas's pair, else the counterpart of the other kind."""
    pair = lab.shown_runs
    if run in pair.values():
        return pair["standard" if lab.kind(run) == "ne" else "ne"]
    return counterpart(lab, run)


def first_test_image(c: Context) -> int:
    return c.atlas.lab.facts["n_train"]


def drawn(c: Context, text: str) -> str:
    height, width = c.atlas.lab.shape
    if from_text(text, height * width) is None:
        pixels = f"one for each of {height} × {width} pixels"
        raise InvalidValue(f"a drawn picture is {height * width} digits from 0 to f, {pixels}")
    return text


def not_both(c: Context, neuron: int) -> int | None:
    if c.unit is None:
        return neuron
    c.request.add_problem("neuron", "name a latent (unit) or a hidden neuron (neuron), not both")
    return None


def features(c: Context) -> range:
    """Numbers of the features of the current unit at the cut."""
    unit = current_unit(c.atlas, c)
    meanings = meanings_of(c.atlas, unit.run, unit.number)
    return range(0 if meanings is None else meanings.measures(c.cut).n_features)


def this_unit(c: Context) -> str:
    return f"this {current_unit(c.atlas, c).noun}"


@dataclass(frozen=True)
class View(Addressed, page="sae_lab"):
    """`unit` and `neuron` are None if the URL names none; `drawn` is None if the picture is the image `image`."""

    run: int = whole(runs, "this lab", "run", usual=lambda c: c.atlas.lab.shown_runs["ne"], always=True)
    against: int = whole(runs, "this lab", "run", usual=lambda c: usual_against(c.atlas.lab, c.run))
    image: int = whole(
        lambda c: range(len(c.atlas.lab.images)),
        "this lab",
        "image",
        end=lambda c: f"; the test set begins at {first_test_image(c)}",
        usual=first_test_image,
        always=True,
    )
    drawn: str | None = named(drawn, examples=("0" * 16, "f" * 64, "0123456789abcdef" * 4))
    unit: int | None = whole(lambda c: range(c.atlas.lab.d_sae), "a run", "latent")
    neuron: int | None = whole(lambda c: range(c.atlas.lab.mlp.d_hidden), "the MLP", "hidden neuron", final=not_both)
    feature: int | None = whole(
        features,
        this_unit,
        "feature",
        none=lambda c: f"{this_unit(c)} has no activating images, so it has no features",
        last=True,
    )
    cut: float = cut("this lab’s", lambda c: c.atlas.lab.facts["cut"])
    measure: str = choice(tuple(MEASURES), "the measures are", usual="fvu")
    single: str = choice((ALL, HIDE), "runs that read single inputs are under", usual=ALL)
    among: str = choice(tuple(AMONG), "pictures are stepped through among", usual="test")

    def to_run(self, atlas: Atlas, run: int, against: int | None = None) -> "View":
        """Return the view of another run, by default with its counterpart: the equally sparse run of the other kind."""
        against = counterpart(atlas.lab, run) if against is None else against
        return self.to(run=run, against=against, unit=None, feature=None)

    def to_unit(self, run: int | None, number: int) -> "View":
        """Return the view of a latent of one of the two runs, which becomes the main run, or of a hidden neuron."""
        if run is None:
            return self.to(neuron=number, unit=None, feature=None)
        against = self.against if run == self.run else self.run
        return self.to(run=run, against=against, unit=number, neuron=None, feature=None)

    @property
    def runs(self) -> tuple[int, int]:
        return self.run, self.against


def lab_href(atlas: Atlas, ref: FeatureRef) -> str | None:
    """Address of a feature of the atlas's cut in the lab; None if the atlas has no lab or the layer is not in it."""
    if atlas.lab is None or ref.layer not in atlas.layers[: len(LAYERS)]:
        return None
    run = atlas.lab.shown_runs[LAYERS[atlas.layers.index(ref.layer)]]
    cut = atlas.manifest.default_cut  # the cut at which the feature is numbered
    return View(run, unit=ref.neuron, feature=ref.feature, cut=cut).href(atlas)


def picture(atlas: Atlas, view: "View | Context") -> Float[np.ndarray, " d_pixels"]:
    """The current picture, as the MLP reads it."""
    lab = atlas.lab
    if view.drawn is None:
        return lab.pixels([view.image])[0]
    return from_text(view.drawn, lab.x.shape[1])


def current_unit(atlas: Atlas, view: "View | Context") -> UnitId:
    """The unit of the URL; by default the run's strongest latent on the picture, or its first one that is not dead."""
    if view.neuron is not None:
        return UnitId(None, view.neuron)
    if view.unit is not None:
        return UnitId(view.run, view.unit)
    lab = atlas.lab
    strongest = sae_forward(lab.mlp, lab.sae(view.run), picture_hidden(atlas, picture(atlas, view))).strongest
    alive = np.flatnonzero(outcome_of(atlas, UnitId(view.run, 0)).n_active)
    candidates = next((each for each in (strongest, alive) if len(each)), [0])
    return UnitId(view.run, int(candidates[0]))
