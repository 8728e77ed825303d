"""The view of the page Spaces, as a URL: a neuron, two spaces, the clusters, an example, and a measure."""

from dataclasses import dataclass

from ne_core.atlas import Atlas
from ne_core.method.comparison import BY, EACH
from ne_core.method.embeddings import EMBEDDINGS, REFERENCE
from ne_core.method.separation import MEASURES
from ne_core.refs import NeuronRef
from pages.components.url import atlas_fields
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import choice, whole

FEATURES = "features"  # the atlas's own clusters
CLUSTERS = (FEATURES, *EMBEDDINGS)
PLAIN = "pre_mlp"


def other_than(space: str) -> str:
    """Default space to compare with."""
    return REFERENCE if space == PLAIN else PLAIN


def another(c: Context, b: str) -> str:
    if b != c.a:
        return b
    c.request.add_problem("b", f"the same space as a: choose another, such as {other_than(c.a)}")
    return other_than(c.a)


@dataclass(frozen=True)
class View(Addressed, page="spaces"):
    """A neuron in the spaces a and b. `by` is the space of the clusters that are measured over the whole atlas."""

    neuron: NeuronRef = atlas_fields.neuron()
    a: str = choice(tuple(EMBEDDINGS), "the spaces are", usual=REFERENCE)
    b: str = choice(tuple(EMBEDDINGS), "the spaces are", usual=lambda c: other_than(c.a), default=PLAIN, final=another)
    clusters: str = choice(CLUSTERS, "clusters are the atlas’s features or those of a space:", usual=FEATURES)
    measure: str = choice(MEASURES, "the measures are", usual=MEASURES[0])
    by: str = choice(BY, "over the whole atlas, clusters are those of", usual=EACH)
    example: int | None = whole(
        lambda c: range(len(c.atlas.neuron(c.neuron).example)),
        atlas_fields.this_unit,
        "example",
        none=lambda c: f"{atlas_fields.this_unit(c)} has no activating examples",
    )

    def elsewhere(self, atlas: Atlas, neuron: NeuronRef) -> "View":
        return self.to(neuron=neuron, example=None)

    @property
    def swapped(self) -> "View":
        return self.to(a=self.b, b=self.a)
