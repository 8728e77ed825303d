"""What the trail page shows, as a URL: from which feature, in which space, how like and how many; read and written."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.url import links, location

LEAST = {"neuron": 0.3, "pre_mlp": 0.6}  # embeddings of different neurons are weighted by different weights
OTHER_SPACE = 0.5
PER = range(1, 11)
USUAL_PER = 5


@dataclass(frozen=True)
class View:
    """The trail of one feature. Without a `least` it is the space's own."""

    seed: FeatureRef
    space: str
    least: float | None = None
    per: int = USUAL_PER

    @property
    def bound(self) -> float:
        return usual_least(self.space) if self.least is None else self.least

    def to(self, **changes) -> "View":
        return replace(self, **changes)

    def query(self, atlas: Atlas) -> dict[str, str]:
        """The URL, shortest form."""
        wanted = {
            "space": self.space if self.space != atlas.manifest.default_space else "",
            "least": "" if self.bound == usual_least(self.space) else f"{self.bound:g}",
            "per": "" if self.per == USUAL_PER else str(self.per),
        }
        return links.atlas_query(atlas, self.seed.query() | {name: value for name, value in wanted.items() if value})

    def href(self, atlas: Atlas) -> str:
        """The address, from any page."""
        return f"trail?{urlencode(self.query(atlas))}"


def usual_least(space: str) -> float:
    return LEAST.get(space, OTHER_SPACE)


def trail_href(atlas: Atlas, ref: FeatureRef, space: str | None = None) -> str:
    """The address of the trail of a feature of the atlas's cut."""
    return View(ref, space or atlas.manifest.default_space).href(atlas)


def read_view(atlas: Atlas, at: location.Location, usual: FeatureRef) -> View:
    """The view that the URL asks for; `usual` is the feature that it starts from when the URL names none."""
    space = at.choice("space", atlas.manifest.spaces, atlas.manifest.default_space, "the spaces are")
    least = at.number("least", 0.0, 1.0, usual_least(space), "the least cosine of a trail is a number from 0 to 1")
    per = at.whole("per", PER, USUAL_PER, f"a trail has {PER[0]} to {PER[-1]} features of each layer")
    return View(read_seed(atlas, at, usual), space, least, per)


def read_seed(atlas: Atlas, at: location.Location, usual: FeatureRef) -> FeatureRef:
    """The feature that is named, else the nearest that there is."""
    if not {"layer", "neuron", "feature"} & set(at.asked):
        return usual
    has = f"this atlas has {location.numbers(atlas.layers, 'layer')}"
    layer = at.whole("layer", atlas.layers, atlas.layers[0], has)
    neurons = range(atlas.n_neurons(layer))
    neuron = at.whole("neuron", neurons, 0, f"layer {layer} has {location.numbers(neurons, 'neuron')}")
    features = range(len(atlas.feature_ids(NeuronRef(layer, neuron))))
    if not features:
        at.problems.append(f"neuron={neuron}: it is dead and has no features; this is the trail of another neuron")
        return usual
    what = f"this neuron has {location.numbers(features, 'feature')} at the atlas’s cut"
    return FeatureRef(layer, neuron, at.whole("feature", features, 0, what))
