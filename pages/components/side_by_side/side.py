"""One of the two features: its name, a link to its page, and some of its examples."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.half import number
from ne_core.palette import feature_colour
from ne_core.queries.maximum import maximum
from ne_core.refs import FeatureRef
from pages.components.base.assets import drawn_key
from pages.components.base.escape import markdown
from pages.components.side_by_side.facts import rows_of
from pages.components.widgets.features import feature_row, feature_rows
from pages.components.widgets.token_lines.excerpts import EXCERPTS
from pages.components.widgets.token_lines.lines import lines

EXAMPLES = 10


def show_head(atlas: Atlas, side: str, ref: FeatureRef) -> None:
    row = feature_row(atlas, atlas.feature_id(ref), named=True, line=None)
    feature_rows([row], atlas=atlas, name=f"head_{side}", label=f"Feature {side}", n_visible=1)


def show_examples(atlas: Atlas, side: str, ref: FeatureRef) -> None:
    """List the central example and the most active others."""
    st.markdown(f"**{side}: {markdown(ref_name(atlas.manifest, ref))}**")
    neuron, all_rows = atlas.neuron(ref.of), rows_of(atlas, ref)
    rows = all_rows[:EXAMPLES].tolist()
    texts = lines(atlas, neuron, rows, before=10, after=6)
    data = {
        "label": f"Examples of {side}, {ref_name(atlas.manifest, ref)}",
        "colour": feature_colour(ref.feature).css,
        "maximum": maximum(atlas, ref.of),
        "causal": atlas.manifest.causal,
        "images": atlas.manifest.images,
        "lines": [line | {"aside": number(neuron.activation[row])} for line, row in zip(texts, rows, strict=True)],
    }
    EXCERPTS(data={"key": drawn_key(data), **data}, key=f"examples_{side}")
    several = f"{len(rows)} of {len(all_rows):,} examples: the central one, then the most active"
    selection = several if len(all_rows) > 1 else "The only example"
    st.caption(f"{selection}. The number is the {atlas.manifest.vocabulary.activation}.")
