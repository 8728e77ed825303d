"""The selected example in full, with a link to its feature."""

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.names import ref_name
from ne_core.half import number
from ne_core.palette import feature_colour
from ne_core.queries.maximum import maximum
from ne_core.refs import FeatureRef
from pages.components.base.assets import drawn_key
from pages.components.text.labels import label
from pages.components.url.links import neuron_href
from pages.components.url.spaces_view import View
from pages.components.widgets.chips import Chip, chips
from pages.components.widgets.token_lines.excerpts import EXCERPTS
from pages.components.widgets.token_lines.lines import lines


def show_example(atlas: Atlas, neuron: Neuron, view: View) -> None:
    row = view.example
    ref = FeatureRef(neuron.ref.layer, neuron.ref.neuron, int(neuron.feature[row]))
    st.markdown(f"**Example {row}**")
    drawn = {
        "label": f"Example {row} of {ref_name(atlas.manifest, neuron.ref)}",
        "colour": feature_colour(ref.feature).css,
        "maximum": maximum(atlas, neuron.ref),
        "causal": atlas.manifest.causal,
        "images": atlas.manifest.images,
        "lines": [line | {"aside": number(neuron.activation[row])} for line in lines(atlas, neuron, [row])],
    }
    EXCERPTS(data={"key": drawn_key(drawn), **drawn}, key="compare_example")
    name = f"Feature {ref.feature}, {label(atlas, atlas.feature_id(ref))}"
    links = [Chip(name, neuron_href(atlas, ref)), Chip("Clear the selection", view.to(example=None).href(atlas))]
    chips(links, name="compare_links", label=f"From example {row}")
    st.caption(f"The number is the {atlas.manifest.vocabulary.activation}.")
