"""What the neuron page shows, as a URL: a neuron, a feature or a branch, a cut, and how examples are read."""

from dataclasses import dataclass

from ne_core.atlas import Atlas
from ne_core.method.measures import measures
from ne_core.refs import NeuronRef
from pages.components.url import atlas_fields
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import group, whole
from pages.components.url.reading import Reading, checked

KEPT = ("space", "sort", "context", "baseline", "values")  # a way of reading
ALONG = (*KEPT, "least", "most", "holds")
WITHIN = (*ALONG, "cut")


def usual_cut(c: Context) -> float:
    return c.atlas.manifest.default_cut


def features(c: Context) -> range:
    neuron = c.atlas.neuron(c.neuron)
    return range(measures(neuron.tree, c.cut).n_features if len(neuron) else 0)


@dataclass(frozen=True)
class View(Addressed, page="neuron"):
    """What the neuron page shows. `feature` is None where the URL names none: the largest is shown then.

    A feature's number counts at `cut`. `branch` is a branch point, from the lowest up, whose examples are shown instead
    of a feature's; for what is no number the highest, which holds all examples.
    """

    neuron: NeuronRef = atlas_fields.neuron()
    feature: int | None = whole(
        features,
        atlas_fields.this_unit,
        "feature",
        end=lambda c: "" if c.cut == usual_cut(c) else f" at cut {c.cut:g}",
        none=lambda c: f"{atlas_fields.this_unit(c)} has no activating examples, so it has no features",
        last=True,
    )
    space: str = atlas_fields.space()
    reading: Reading = group(Reading, final=checked, kw_only=True)
    cut: float = atlas_fields.cut("this atlas’s", usual_cut)
    branch: int | None = whole(
        lambda c: range(len(c.atlas.neuron(c.neuron).tree)),
        lambda c: f"{atlas_fields.this_unit(c)}’s tree",
        "branch point",
        none=lambda c: f"{atlas_fields.this_unit(c)} has fewer than two examples, so its tree has no branches",
        fallback=-1,
    )

    def within(self, atlas: Atlas) -> dict[str, str]:
        """What links to other features of this neuron take along."""
        return self.some(atlas, WITHIN)

    def along(self, atlas: Atlas) -> dict[str, str]:
        """What they take along at whatever cut."""
        return self.some(atlas, ALONG)

    def kept(self, atlas: Atlas) -> dict[str, str]:
        """What links to other neurons take along."""
        return self.some(atlas, KEPT)

    def some(self, atlas: Atlas, names: tuple[str, ...]) -> dict[str, str]:
        return {name: text for name, text in self.query(atlas).items() if name in names}

    def elsewhere(self, atlas: Atlas, neuron: NeuronRef) -> "View":
        """The same look at another neuron: a cut and a branch are of one tree."""
        cut, reading = atlas.manifest.default_cut, self.reading.elsewhere()
        return self.to(neuron=neuron, feature=None, cut=cut, branch=None, reading=reading)
