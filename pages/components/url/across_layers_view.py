"""The view of the page Across layers, as a URL: the feature of a trail, the space, the least cosine, the width."""

from dataclasses import dataclass

from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.url.atlas_fields import space, this_unit, unit
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import number, whole

# Lower for neuron embeddings, which each neuron weights differently, and for centred inputs, which are further apart.
LEAST = {"neuron": 0.3, "pre_mlp": 0.6, "aligned": 0.45}
OTHER_SPACE = 0.5
PER = range(1, 11)


def usual_least(space: str) -> float:
    return LEAST.get(space, OTHER_SPACE)


def alive(c: Context, ref: FeatureRef) -> FeatureRef:
    """Return the feature, or the page's default where its neuron has no features."""
    if len(c.atlas.feature_ids(ref.of)):
        return ref
    unit = c.vocabulary.unit
    c.request.problems.append(f"neuron={ref.neuron}: this {unit} is dead and has no features; showing another {unit}")
    return c.start


@dataclass(frozen=True)
class View(Addressed, page="across_layers"):
    """The trail of one feature, by default the page's `start`. `least` None is the default of the space."""

    seed: FeatureRef = unit(
        FeatureRef,
        first=lambda _: 0,
        feature=whole(
            lambda c: range(len(c.atlas.feature_ids(NeuronRef(c.layer, c.neuron)))),
            this_unit,
            "feature",
            end=" at the atlas’s cut",
            usual=0,
            always=True,
        ),
        usual=lambda c: c.start,
        final=alive,
        last=True,
    )
    space: str = space()
    least: float | None = number(
        0.0, 1.0, "the least cosine is a number from 0 to 1", usual=lambda c: usual_least(c.space)
    )
    per: int = whole(PER, f"a trail has {PER[0]} to {PER[-1]} features of each layer", usual=5)

    @property
    def bound(self) -> float:
        return usual_least(self.space) if self.least is None else self.least


def trail_href(atlas: Atlas, ref: FeatureRef, space: str | None = None) -> str:
    """Address of the trail of a feature of the atlas's cut."""
    return View(ref, space or atlas.manifest.default_space).href(atlas)
