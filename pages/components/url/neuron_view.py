"""The view of the page Neuron, as a URL: a neuron, an embedding, a feature or a branch, a cut, and the examples."""

from dataclasses import dataclass

from ne_core.atlas import Atlas, Neuron
from ne_core.method.measures import measures
from ne_core.queries.in_embedding import cut_in, reason_unavailable
from ne_core.refs import NeuronRef
from pages.components.cached.in_embedding import embedded
from pages.components.url import atlas_fields
from pages.components.url.declared import Addressed, Context
from pages.components.url.embedding_field import embedding
from pages.components.url.fields import group, whole
from pages.components.url.reading import Reading, checked

# Parameters that links carry: to features of the atlas, to other neurons, to other features, also at the same cut.
READING = ("space", "sort", "context", "baseline", "values")
OTHER_NEURON = (*READING, "embedding")
SAME_NEURON = (*OTHER_NEURON, "least", "most", "holds", "source")
SAME_CUT = (*SAME_NEURON, "cut")


def usual_cut(c: Context) -> float:
    return cut_in(c.atlas.manifest, c.embedding)


def owner_of_cut(c: Context) -> str:
    return "this atlas’s" if c.embedding in (None, c.atlas.manifest.embedding) else "that of this embedding"


def in_view(c: Context) -> Neuron:
    return embedded(c.atlas, c.neuron, c.embedding)


def features(c: Context) -> range:
    neuron = in_view(c)
    return range(measures(neuron.tree, c.cut).n_features if len(neuron) else 0)


@dataclass(frozen=True)
class View(Addressed, page="neuron"):
    """One view of a neuron. `feature` is None if the URL names none: the largest is shown then.

    `embedding` is None for the atlas's own. Features are numbered at `cut` in its tree. `branch` is a branch point,
    numbered from the lowest up, whose examples are shown instead of a feature's; a text that is not a number gives the
    highest, which has all examples.
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
    embedding: str | None = embedding(lambda c: c.neuron)
    reading: Reading = group(Reading, final=checked, kw_only=True)
    cut: float = atlas_fields.cut(owner_of_cut, usual_cut)
    branch: int | None = whole(
        lambda c: range(len(in_view(c).tree)),
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

    def other_neuron_query(self, atlas: Atlas) -> dict[str, str]:
        """Parameters of links to other neurons."""
        return self.parameters(atlas, OTHER_NEURON)

    def reading_query(self, atlas: Atlas) -> dict[str, str]:
        """Parameters of links to features of the atlas, which are numbered in its own embedding."""
        return self.parameters(atlas, READING)

    def parameters(self, atlas: Atlas, names: tuple[str, ...]) -> dict[str, str]:
        return {name: text for name, text in self.query(atlas).items() if name in names}

    def elsewhere(self, atlas: Atlas, neuron: NeuronRef) -> "View":
        """Return the same view of another neuron, without the cut and the branch, which belong to one tree."""
        unavailable = self.embedding and reason_unavailable(atlas, neuron, self.embedding)
        return self.in_embedding(atlas, None if unavailable else self.embedding, neuron=neuron)

    def in_embedding(self, atlas: Atlas, embedding: str | None, **changes) -> "View":
        """Return the view in another embedding, with changes, at the default cut of its tree."""
        cut, reading = cut_in(atlas.manifest, embedding), self.reading.elsewhere()
        return self.to(embedding=embedding, feature=None, cut=cut, branch=None, reading=reading, **changes)
