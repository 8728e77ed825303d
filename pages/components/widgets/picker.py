"""The controls of the page Neuron: the choice of a neuron and of a space."""

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import embeddings_formula, layer_mark, ref_name, unit_title
from ne_core.refs import NeuronRef
from pages.components.base.escape import markdown
from pages.components.cached.in_embedding import embedded
from pages.components.cached.starts import neurons_with_examples
from pages.components.url import location
from pages.components.url.neuron_view import View
from pages.components.url.spaces_view import View as SpacesView
from pages.components.url.tab import tab
from pages.components.widgets.choices import space_of
from pages.components.widgets.example_selection import cluster_at, passing


def pick_neuron(atlas: Atlas, pick_embedding: Callable[[Atlas, View], str | None]) -> tuple[View, str | None]:
    """Read the URL, draw the title, the controls and the problems of the URL; return the view to show.

    `pick_embedding` draws a control beside the others; its result is returned as it is.
    """
    request = location.read(atlas.slug)
    view = read_view(atlas, request)
    query = view.query(atlas)
    location.settle(request, query)
    tab(ref_name(atlas.manifest, view.neuron), atlas.slug)
    st.title(markdown(unit_title(atlas.manifest, view.neuron)), anchor=False)
    request.show_problems()
    return view, controls(atlas, view, lambda: pick_embedding(atlas, view))


def read_view(atlas: Atlas, request: location.Location) -> View:
    view = View.read(request, atlas)
    neuron = embedded(atlas, view.neuron, view.embedding)
    if "page" not in request.query or not len(neuron):
        return view
    rows = cluster_at(neuron, view.cut, view.feature or 0, view.branch).rows
    n_passing = int(passing(atlas, neuron, rows, view.reading).sum())
    return replace(view, reading=view.reading.on_page(request, n_passing))


def controls(atlas: Atlas, view: View | SpacesView, draw_more: Callable[[], str | None] = lambda: None) -> str | None:
    """Draw layer, neuron, previous, next and random, and what `draw_more` draws, whose result is returned.

    The buttons skip neurons without examples.
    """
    ref, n_neurons = view.neuron, atlas.n_neurons(view.neuron.layer)
    alive = np.array([each.neuron for each in neurons_with_examples(atlas, ref.layer)])
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
            width=90 if atlas.manifest.layer_names is None else 190,
        )
        st.number_input(
            atlas.manifest.vocabulary.Unit,
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
        return draw_more()


def beside(alive: np.ndarray, neuron: int, step: int) -> int:
    """Next (step 1) or previous (step −1) neuron with examples, cyclically; the neuron itself if there is no other."""
    others = alive[alive != neuron]
    if not len(others):
        return neuron
    return int(others[(np.searchsorted(others, neuron) - (step < 0)) % len(others)])


def pick_space(atlas: Atlas, view: View) -> None:
    """Draw the choice of the space of similar features, with an explanation."""
    space_of(atlas, "_space", view.space, lambda space: replace(view, space=space).query(atlas))
    words = atlas.manifest.vocabulary
    notes = {
        "neuron": f"Every {words.unit} has its own W_in, so few features come close, even on the same {words.text}.",
        "pre_mlp": f"Features of other {words.units} that fire on similar inputs.",
        "aligned": f"Features of other {words.units} in any layer that fire on similar inputs. Each layer is "
        "standardised and rotated (R), so that inputs at the same positions meet.",
    }
    embeddings = embeddings_formula(atlas.manifest, view.space)
    st.caption(f"Nearest by cosine between central examples, as {embeddings}. {notes[view.space]}")
