"""Which neuron, which feature, in which space: read from the URL, checked, and moved by the controls."""

import random
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.measures import measures
from ne_core.refs import FeatureRef, NeuronRef
from ne_core.similar import SPACES
from ne_core.wording import layer_mark, ref_name, unit_title, worded
from pages.components import frame, links, location
from pages.components.choices import space_of
from pages.components.chosen import cluster_at, passing, percent
from pages.components.escape import markdown
from pages.components.reading import Reading, read_page, read_reading
from pages.components.starts import first_neuron, living
from pages.components.tab import tab

SAYS = {
    "neuron": "W_in is each neuron’s own, so few others come close, even on the same text.",
    "pre_mlp": "Features of other neurons that fire on like inputs.",
}


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


def pick_neuron(atlas: Atlas) -> View:
    """Read the URL, draw title, controls and what is wrong with the URL; return the view to show."""
    at = location.read(atlas.called)
    view = read_view(atlas, at)
    query = view.query(atlas)
    location.settle(at, query)
    frame.remember("neuron", query)
    tab(ref_name(atlas.manifest, view.neuron), atlas.called)
    st.title(markdown(unit_title(atlas.manifest, view.neuron)), anchor=False)
    at.show_problems()
    controls(atlas, view)
    return view


def read_view(atlas: Atlas, at: location.Location) -> View:
    ref = read_neuron(atlas, at)
    space = at.choice("space", atlas.manifest.spaces, atlas.manifest.default_space, "the spaces are")
    usual, shown = atlas.manifest.default_cut, atlas.neuron(ref)
    what = f"a cut is a cosine distance, a number from 0 to 2; this atlas’s is {usual:g}"
    cut = at.number("cut", 0.0, 2.0, usual, what)
    view = View(ref, read_feature(atlas, at, shown, cut), space, cut, read_branch(atlas, at, shown))
    return replace(view, reading=read_examples(atlas, at, shown, view))


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
        worded(atlas.manifest, f"layer {layer} has {location.numbers(neurons, 'neuron')}"),
    )
    return NeuronRef(layer, neuron)


def read_feature(atlas: Atlas, at: location.Location, neuron: Neuron, cut: float) -> int | None:
    if "feature" not in at.asked:
        return None
    if not len(neuron):
        at.wrong("feature", worded(atlas.manifest, "this neuron has no activating examples, so it has no features"))
        return None
    features = range(measures(neuron.tree, cut).n_features)
    where = "" if cut == atlas.manifest.default_cut else f" at cut {cut:g}"
    has = worded(atlas.manifest, f"this neuron has {location.numbers(features, 'feature')}{where}")
    return at.whole("feature", features, 0, has)


def read_branch(atlas: Atlas, at: location.Location, neuron: Neuron) -> int | None:
    """The number of a branch point, from the lowest up; for a wrong one the highest, which holds all examples."""
    if "branch" not in at.asked:
        return None
    branches = range(len(neuron.tree))
    if not branches:
        at.wrong(
            "branch", worded(atlas.manifest, "this neuron has fewer than two examples, so its tree has no branches")
        )
        return None
    what = worded(atlas.manifest, f"this neuron’s tree has {location.numbers(branches, 'branch point')}")
    return at.whole("branch", branches, branches[-1], what)


def read_examples(atlas: Atlas, at: location.Location, neuron: Neuron, view: View) -> Reading:
    """How its examples are read."""
    highest = float(percent(atlas, neuron).max(initial=0))
    reading = read_reading(at, atlas.manifest.baselines, highest)
    if "page" not in at.asked or not len(neuron):
        return reading
    rows = cluster_at(neuron, view.cut, view.feature or 0, view.branch).rows
    return read_page(at, reading, int(passing(atlas, neuron, rows, reading).sum()))


def controls(atlas: Atlas, view: OfNeuron) -> None:
    """Layer, neuron, previous, next and random; the buttons never land on a neuron without examples."""
    ref, n_neurons = view.neuron, atlas.n_neurons(view.neuron.layer)
    alive = np.array([each.neuron for each in living(atlas, ref.layer)])
    st.session_state["_layer"], st.session_state["_neuron"] = ref.layer, ref.neuron

    def to(layer: int, neuron: int) -> dict[str, str]:
        return view.elsewhere(atlas, NeuronRef(layer, neuron)).query(atlas)

    def to_layer(layer: int) -> dict[str, str]:
        return to(layer, min(ref.neuron, atlas.n_neurons(layer) - 1))

    def to_random() -> None:
        others = np.flatnonzero(atlas.neurons["n_examples"] > 0)
        others = others[others != atlas.neuron_row(ref)]
        row = random.choice(others.tolist())
        location.go(to(int(atlas.neurons["layer"][row]), int(atlas.neurons["neuron"][row])))

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Layer",
            atlas.layers,
            key="_layer",
            format_func=lambda layer: layer_mark(atlas.manifest, layer),
            on_change=location.moved("_layer", to_layer, atlas.layers),
            width=90 if atlas.manifest.raw["layer_names"] is None else 190,
        )
        st.number_input(
            worded(atlas.manifest, "Neuron"),
            min_value=0,
            max_value=n_neurons - 1,
            key="_neuron",
            on_change=location.moved("_neuron", lambda neuron: to(ref.layer, neuron)),
            width=150,
        )
        for name, step, icon in (("Previous", -1, ":material/chevron_left:"), ("Next", 1, ":material/chevron_right:")):
            other = beside(alive, ref.neuron, step)
            query = to(ref.layer, other)
            st.button(
                name,
                key=f"_{name.lower()}",
                icon=icon,
                on_click=location.go,
                args=(query,),
                disabled=other == ref.neuron,
            )
        enough = int((atlas.neurons["n_examples"] > 0).sum()) > 1
        st.button("Random", key="_random", icon=":material/casino:", on_click=to_random, disabled=not enough)


def beside(alive: np.ndarray, neuron: int, step: int) -> int:
    """The living neuron after (step 1) or before (step −1) a neuron, around the layer; itself without another."""
    others = alive[alive != neuron]
    if not len(others):
        return neuron
    return int(others[(np.searchsorted(others, neuron) - (step < 0)) % len(others)])


def pick_space(atlas: Atlas, view: View) -> None:
    """In which space features are similar; the URL names it when it is not the atlas's default."""
    space_of(atlas, "_space", view.space, lambda space: replace(view, space=space).query(atlas))
    caption = f"Nearest by cosine between central examples, as {SPACES.get(view.space, view.space)}."
    st.caption(worded(atlas.manifest, " ".join([caption, SAYS.get(view.space, "")]).strip()))
