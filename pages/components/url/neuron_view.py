"""The view of the page Neuron, as a URL: a neuron, a feature or a branch, a cut, and the display of examples."""

from dataclasses import dataclass

from ne_core.atlas import Atlas
from ne_core.method.measures import measures
from ne_core.refs import NeuronRef
from pages.components.url import atlas_fields
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import group, whole
from pages.components.url.reading import Reading, checked

# Parameters that links carry: to other neurons, to other features, to other features at the same cut.
READING = ("space", "sort", "context", "baseline", "values")
SAME_NEURON = (*READING, "least", "most", "holds")
SAME_CUT = (*SAME_NEURON, "cut")


def usual_cut(c: Context) -> float:
    return c.atlas.manifest.default_cut


def features(c: Context) -> range:
    neuron = c.atlas.neuron(c.neuron)
    return range(measures(neuron.tree, c.cut).n_features if len(neuron) else 0)


@dataclass(frozen=True)
class View(Addressed, page="neuron"):
    """One view of a neuron. `feature` is None if the URL names none: the largest is shown then.

    Features are numbered at `cut`. `branch` is a branch point, numbered from the lowest up, whose examples are shown
    instead of a feature's; a text that is not a number gives the highest, which has all examples.
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

    def same_cut_query(self, atlas: Atlas) -> dict[str, str]:
        """Parameters of links to other features of this neuron at the same cut."""
        return self.parameters(atlas, SAME_CUT)

    def same_neuron_query(self, atlas: Atlas) -> dict[str, str]:
        """Parameters of links to other features of this neuron at any cut."""
        return self.parameters(atlas, SAME_NEURON)

    def reading_query(self, atlas: Atlas) -> dict[str, str]:
        """Parameters of links to other neurons."""
        return self.parameters(atlas, READING)

    def parameters(self, atlas: Atlas, names: tuple[str, ...]) -> dict[str, str]:
        return {name: text for name, text in self.query(atlas).items() if name in names}

    def elsewhere(self, atlas: Atlas, neuron: NeuronRef) -> "View":
        """Return the same view of another neuron, without the cut and the branch, which belong to one tree."""
        cut, reading = atlas.manifest.default_cut, self.reading.elsewhere()
        return self.to(neuron=neuron, feature=None, cut=cut, branch=None, reading=reading)
