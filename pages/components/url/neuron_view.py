"""What the neuron page shows, as a URL: a neuron, a feature or a branch, a cut, and how examples are read."""

from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from ne_core.atlas import Atlas, Neuron
from ne_core.method.measures import measures
from ne_core.queries.maximum import percent
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.cached.starts import first_neuron, living
from pages.components.url import links, location
from pages.components.url.reading import Reading, read_reading


@dataclass(frozen=True)
class View:
    """What the neuron page shows. `feature` is None where the URL names none: the largest is shown then.

    A feature's number counts at `cut`. `branch` is a branch point whose examples are shown instead of a feature's.
    """

    neuron: NeuronRef
    feature: int | None
    space: str
    cut: float
    branch: int | None = None
    reading: Reading = field(default_factory=Reading)

    def query(self, atlas: Atlas) -> dict[str, str]:
        ref = self.neuron if self.feature is None else FeatureRef(self.neuron.layer, self.neuron.neuron, self.feature)
        branch = {} if self.branch is None else {"branch": str(self.branch)}
        return links.atlas_query(atlas, ref.query()) | self.within(atlas) | branch | self.reading.paged()

    def within(self, atlas: Atlas) -> dict[str, str]:
        """What links to other features of this neuron take along."""
        cut = {} if self.cut == atlas.manifest.default_cut else {"cut": f"{self.cut:g}"}
        return self.along(atlas) | cut

    def along(self, atlas: Atlas) -> dict[str, str]:
        """What they take along at whatever cut."""
        return self.kept(atlas) | self.reading.filters()

    def elsewhere(self, atlas: Atlas, neuron: NeuronRef) -> "View":
        """The same look at another neuron: a cut and a branch are of one tree."""
        cut, reading = atlas.manifest.default_cut, self.reading.elsewhere()
        return replace(self, neuron=neuron, feature=None, cut=cut, branch=None, reading=reading)

    def kept(self, atlas: Atlas) -> dict[str, str]:
        """What links to other neurons take along."""
        return links.in_space(atlas, self.space) | self.reading.kept()


@runtime_checkable
class OfNeuron(Protocol):
    """What a page shows of one neuron, and how the same is shown of another."""

    @property
    def neuron(self) -> NeuronRef: ...

    def query(self, atlas: Atlas) -> dict[str, str]: ...

    def elsewhere(self, atlas: Atlas, neuron: NeuronRef) -> "OfNeuron": ...


def read_view(atlas: Atlas, at: location.Location) -> View:
    """All but the page of examples, which depends on how many there are."""
    ref = read_neuron(atlas, at)
    space = at.choice("space", atlas.manifest.spaces, atlas.manifest.default_space, "the spaces are")
    usual, shown = atlas.manifest.default_cut, atlas.neuron(ref)
    what = f"a cut is a cosine distance, a number from 0 to 2; this atlas’s is {usual:g}"
    cut = at.number("cut", 0.0, 2.0, usual, what)
    view = View(ref, read_feature(atlas, at, shown, cut), space, cut, read_branch(atlas, at, shown))
    highest = float(percent(atlas, shown).max(initial=0))
    return replace(view, reading=read_reading(at, atlas.manifest.baselines, highest))


def read_neuron(atlas: Atlas, at: location.Location) -> NeuronRef:
    """The neuron that the URL names; without one, one worth seeing."""
    start = first_neuron(atlas) if "layer" not in at.asked and "neuron" not in at.asked else None
    layer = at.whole(
        "layer",
        atlas.layers,
        start.layer if start else atlas.layers[0],
        f"this atlas has {location.numbers(atlas.layers, 'layer')}",
    )
    neurons = range(atlas.n_neurons(layer))
    alive = living(atlas, layer)
    neuron = at.whole(
        "neuron",
        neurons,
        start.neuron if start else alive[0].neuron if alive else 0,
        f"layer {layer} has {location.numbers(neurons, atlas.manifest.vocabulary.unit)}",
    )
    return NeuronRef(layer, neuron)


def read_feature(atlas: Atlas, at: location.Location, neuron: Neuron, cut: float) -> int | None:
    if "feature" not in at.asked:
        return None
    unit = atlas.manifest.vocabulary.unit
    if not len(neuron):
        at.wrong("feature", f"this {unit} has no activating examples, so it has no features")
        return None
    features = range(measures(neuron.tree, cut).n_features)
    where = "" if cut == atlas.manifest.default_cut else f" at cut {cut:g}"
    has = f"this {unit} has {location.numbers(features, 'feature')}{where}"
    return at.whole("feature", features, 0, has)


def read_branch(atlas: Atlas, at: location.Location, neuron: Neuron) -> int | None:
    """The number of a branch point, from the lowest up; for a wrong one the highest, which holds all examples."""
    if "branch" not in at.asked:
        return None
    branches, unit = range(len(neuron.tree)), atlas.manifest.vocabulary.unit
    if not branches:
        at.wrong("branch", f"this {unit} has fewer than two examples, so its tree has no branches")
        return None
    what = f"this {unit}’s tree has {location.numbers(branches, 'branch point')}"
    return at.whole("branch", branches, branches[-1], what)
