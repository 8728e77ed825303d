"""The example that is pointed out, in full, with the way to the feature that holds it."""

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.half import number
from ne_core.palette import feature_colour
from ne_core.refs import FeatureRef
from ne_core.wording import ref_name, worded
from pages.components.assets import drawn_key
from pages.components.chips import Chip, chips
from pages.components.compare_location import View
from pages.components.escape import markdown
from pages.components.labels import label
from pages.components.lines import lines, maximum
from pages.components.links import neuron_href
from pages.components.pair_side import EXCERPTS


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
    ways = [Chip(name, neuron_href(atlas, ref)), Chip("Point out none", view.to(example=None).href(atlas))]
    chips(ways, name="compare_ways", label=f"From example {row}")
    st.caption(markdown(worded(atlas.manifest, "The number is the activation on the key token.")))
