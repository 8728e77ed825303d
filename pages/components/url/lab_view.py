"""What the lab page shows, as a URL: two runs, a picture, a unit and its features. Read, checked and written here."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.atlas.lab import Lab
from ne_core.lab.court import through
from ne_core.lab.sweep import counterpart
from ne_core.refs import FeatureRef
from pages.components.cached.lab_data import Which, meanings_of, picture_hidden, seen_of
from pages.components.text.lab_words import MEASURES
from pages.components.url import links, location
from pages.components.url.drawing import from_text

AMONG = {"test": "All test images", "mlp": "Wrong: the MLP", "run": "Wrong: this run", "against": "Wrong: against"}
LAYERS = ("standard", "ne")  # which of the runs that are shown an atlas's layers are
ALL, HIDE = "all", "hide"


@dataclass(frozen=True)
class View:
    """`unit` and `neuron` are None where the URL names none, `drawn` where the picture is image `image`."""

    run: int
    against: int
    image: int
    drawn: str | None
    unit: int | None
    neuron: int | None
    feature: int | None
    cut: float
    measure: str = "fvu"
    single: str = ALL
    among: str = "test"

    def to(self, **changes) -> "View":
        return replace(self, **changes)

    def to_run(self, atlas: Atlas, run: int, against: int | None = None) -> "View":
        """Another run, with the one of the other kind that is as sparse; its latents are others."""
        against = counterpart(atlas.lab, run) if against is None else against
        return self.to(run=run, against=against, unit=None, feature=None)

    def to_unit(self, run: int | None, number: int) -> "View":
        """A latent of one of the two runs, which comes into focus, or a hidden neuron."""
        if run is None:
            return self.to(neuron=number, unit=None, feature=None)
        against = self.against if run == self.run else self.run
        return self.to(run=run, against=against, unit=number, neuron=None, feature=None)

    @property
    def runs(self) -> tuple[int, int]:
        return self.run, self.against

    def query(self, atlas: Atlas) -> dict[str, str]:
        """The URL: the runs and the picture, and what is not as it is without being asked for."""
        lab = atlas.lab
        given = {
            "run": str(self.run),
            "against": "" if self.against == usual_against(lab, self.run) else str(self.against),
            "image": str(self.image),
            "drawn": self.drawn or "",
            "unit": "" if self.unit is None else str(self.unit),
            "neuron": "" if self.neuron is None else str(self.neuron),
            "feature": "" if self.feature is None else str(self.feature),
            "cut": "" if self.cut == lab.facts["cut"] else f"{self.cut:g}",
            "measure": "" if self.measure == View.measure else self.measure,
            "single": "" if self.single == View.single else self.single,
            "among": "" if self.among == View.among else self.among,
        }
        return links.atlas_query(atlas, {name: value for name, value in given.items() if value})

    def href(self, atlas: Atlas) -> str:
        return f"sae_lab?{urlencode(self.query(atlas))}"


def lab_href(atlas: Atlas, ref: FeatureRef) -> str | None:
    """The address of a feature of the atlas's cut in the lab; None where the atlas has no lab, or another layer."""
    if atlas.lab is None or ref.layer not in atlas.layers[: len(LAYERS)]:
        return None
    run = atlas.lab.shown[LAYERS[atlas.layers.index(ref.layer)]]
    query = {"run": str(run), "unit": str(ref.neuron), "feature": str(ref.feature)}
    usual = atlas.manifest.default_cut
    query |= {} if usual == atlas.lab.facts["cut"] else {"cut": f"{usual:g}"}  # the feature's number counts at it
    return links.page_href("sae_lab", links.atlas_query(atlas, query))


def usual_against(lab: Lab, run: int) -> int:
    """What a run is held against without being asked for: of the pair that the atlas shows the other one."""
    pair = lab.shown
    if run in pair.values():
        return pair["standard" if lab.kind(run) == "ne" else "ne"]
    return counterpart(lab, run)


def read_view(atlas: Atlas, at: location.Location) -> View:
    """The view that the URL asks for, each parameter checked; a wrong one says what would have worked."""
    lab = atlas.lab
    runs, images = range(lab.n_runs), range(len(lab.images))
    run = at.whole("run", runs, lab.shown["ne"], f"this lab has {location.numbers(runs, 'run')}")
    against = at.whole("against", runs, usual_against(lab, run), f"this lab has {location.numbers(runs, 'run')}")
    what = f"this lab has {location.numbers(images, 'image')}; the test set begins at {lab.facts['n_train']}"
    image = at.whole("image", images, lab.facts["n_train"], what)
    usual = lab.facts["cut"]
    what = f"a cut is a cosine distance, a number from 0 to 2; this lab’s is {usual:g}"
    view = View(
        run,
        against,
        image,
        read_drawn(lab, at),
        read_number(at, "unit", lab.d_sae, "a run has"),
        read_number(at, "neuron", lab.mlp.d_hidden, "the MLP has"),
        None,
        at.number("cut", 0.0, 2.0, usual, what),
        at.choice("measure", tuple(MEASURES), View.measure, "the measures are"),
        at.choice("single", (ALL, HIDE), ALL, "runs that read single inputs are under"),
        at.choice("among", tuple(AMONG), View.among, "pictures are stepped through among"),
    )
    if view.unit is not None and view.neuron is not None:
        at.wrong("neuron", "name a latent (unit) or a hidden neuron (neuron), not both")
        view = view.to(neuron=None)
    return view.to(feature=read_feature(atlas, at, view))


def read_drawn(lab: Lab, at: location.Location) -> str | None:
    text = at.asked.get("drawn")
    height, width = lab.shape
    if text is not None and from_text(text, height * width) is None:
        what = f"a drawn picture is {height * width} digits from 0 to f, one for each of {height} × {width} pixels"
        at.wrong("drawn", what)
        return None
    return text


def read_number(at: location.Location, name: str, count: int, whose: str) -> int | None:
    if name not in at.asked:
        return None
    noun = {"unit": "latent", "neuron": "hidden neuron"}[name]
    return at.whole(name, range(count), 0, f"{whose} {location.numbers(range(count), noun)}")


def read_feature(atlas: Atlas, at: location.Location, view: View) -> int | None:
    """A feature's number counts at the cut, of the unit that is shown."""
    if "feature" not in at.asked:
        return None
    which = shown_unit(atlas, view)
    found = meanings_of(atlas, which.run, which.number)
    if found is None:
        at.wrong("feature", f"this {which.noun} has no activating images, so it has no features")
        return None
    features = range(found.measures(view.cut).n_features)
    return at.whole("feature", features, 0, f"this {which.noun} has {location.numbers(features, 'feature')}")


def picture(atlas: Atlas, view: View) -> Float[np.ndarray, " d_pixels"]:
    """The picture at hand, as the MLP reads it."""
    lab = atlas.lab
    if view.drawn is None:
        return lab.pixels([view.image])[0]
    return from_text(view.drawn, lab.x.shape[1])


def shown_unit(atlas: Atlas, view: View) -> Which:
    """The unit that the URL names; without one the run's strongest latent on the picture, or its first living one."""
    if view.neuron is not None:
        return Which(None, view.neuron)
    if view.unit is not None:
        return Which(view.run, view.unit)
    lab = atlas.lab
    fires = through(lab.mlp, lab.sae(view.run), picture_hidden(atlas, picture(atlas, view))).strongest
    living = np.flatnonzero(seen_of(atlas, Which(view.run, 0)).n_active)
    first = next((each for each in (fires, living) if len(each)), [0])
    return Which(view.run, int(first[0]))
