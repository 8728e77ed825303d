"""The page of a neuron that no example activates."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import unit_title
from ne_core.refs import NeuronRef
from pages.components.base.escape import markdown
from pages.components.cached.starts import neurons_with_examples
from pages.components.shell.nav import page_file
from pages.components.url.links import atlas_query
from pages.components.url.neuron_view import View


def show_dead(atlas: Atlas, view: View) -> None:
    ref, words = view.neuron, atlas.manifest.vocabulary
    dead = f"This {words.unit} is dead: no {words.token} activates it above its threshold"
    st.info(f"{dead}, so it has no examples and no features.", icon=":material/bedtime:")
    others = neurons_with_examples(atlas, ref.layer) or neurons_with_examples(atlas)
    if others:
        nearest = min(others, key=lambda other: (abs(other.neuron - ref.neuron), other))
        st.page_link(
            page_file("neuron"),
            label=nearest_words(atlas, nearest),
            icon=":material/arrow_forward:",
            query_params=atlas_query(atlas, nearest.query() | view.other_neuron_query(atlas)),
        )


def nearest_words(atlas: Atlas, ref: NeuronRef) -> str:
    unit = atlas.manifest.vocabulary.unit
    return f"Go to the nearest {unit} with examples: {markdown(unit_title(atlas.manifest, ref))}"
