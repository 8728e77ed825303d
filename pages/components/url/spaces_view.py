"""What the page of spaces shows, as a URL: a neuron, two spaces, whose clusters, an example; and a measure of all."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from ne_core.atlas import Atlas
from ne_core.method.comparison import BY, EACH
from ne_core.method.embeddings import EMBEDDINGS, REFERENCE
from ne_core.method.separation import MEASURES
from ne_core.refs import NeuronRef
from pages.components.url import links, location
from pages.components.url.neuron_view import read_neuron

FEATURES = "features"  # the atlas's own clusters
CLUSTERS = (FEATURES, *EMBEDDINGS)
PLAIN = "pre_mlp"


@dataclass(frozen=True)
class View:
    """A neuron in the spaces a and b. `by` says whose clusters are measured over the whole atlas."""

    neuron: NeuronRef
    a: str = REFERENCE
    b: str = PLAIN
    clusters: str = FEATURES
    example: int | None = None
    measure: str = MEASURES[0]
    by: str = EACH

    def to(self, **changes) -> "View":
        return replace(self, **changes)

    def elsewhere(self, atlas: Atlas, neuron: NeuronRef) -> "View":
        return self.to(neuron=neuron, example=None)

    @property
    def swapped(self) -> "View":
        return self.to(a=self.b, b=self.a)

    def query(self, atlas: Atlas) -> dict[str, str]:
        """The URL, shortest form."""
        usual = {"a": REFERENCE, "b": other_than(self.a), "clusters": FEATURES, "measure": MEASURES[0], "by": EACH}
        told = {name: getattr(self, name) for name in usual if getattr(self, name) != usual[name]}
        example = {} if self.example is None else {"example": str(self.example)}
        return links.atlas_query(atlas, self.neuron.query() | told | example)

    def href(self, atlas: Atlas) -> str:
        """The address, from any page."""
        return f"compare?{urlencode(self.query(atlas))}"


def other_than(space: str) -> str:
    """What a space is held against unless told."""
    return REFERENCE if space == PLAIN else PLAIN


def read_view(atlas: Atlas, at: location.Location) -> View:
    ref = read_neuron(atlas, at)
    a = at.choice("a", list(EMBEDDINGS), REFERENCE, "the spaces are")
    b = at.choice("b", list(EMBEDDINGS), other_than(a), "the spaces are")
    if a == b:
        at.wrong(
            "b" if "b" in at.asked else "a",
            f"that is the space on the left already: name another, such as {other_than(a)}",
        )
        b = other_than(a)
    clusters = at.choice("clusters", CLUSTERS, FEATURES, "clusters are the atlas’s features or made by a space:")
    measure = at.choice("measure", MEASURES, MEASURES[0], "the measures are")
    by = at.choice("by", BY, EACH, "over the whole atlas clusters are of")
    return View(ref, a, b, clusters, read_example(atlas, at, ref), measure, by)


def read_example(atlas: Atlas, at: location.Location, ref: NeuronRef) -> int | None:
    """The row of the neuron that is pointed out."""
    if "example" not in at.asked:
        return None
    rows, unit = range(len(atlas.neuron(ref).example)), atlas.manifest.vocabulary.unit
    if not rows:
        at.wrong("example", f"this {unit} has no activating examples")
        return None
    return at.whole("example", rows, rows[0], f"this {unit} has {location.numbers(rows, 'example')}")
