"""One of the two features: its name, a link to its own page, and some of its examples under each other."""

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
    """The central one and the most active of the others."""
    st.markdown(f"**{side}: {markdown(ref_name(atlas.manifest, ref))}**")
    neuron, every = atlas.neuron(ref.of), rows_of(atlas, ref)
    rows = every[:EXAMPLES].tolist()
    shown = lines(atlas, neuron, rows, before=10, after=6)
    drawn = {
        "label": f"Examples of {side}, {ref_name(atlas.manifest, ref)}",
        "colour": feature_colour(ref.feature).css,
        "maximum": maximum(atlas, ref.of),
        "causal": atlas.manifest.causal,
        "images": atlas.manifest.images,
        "lines": [line | {"aside": number(neuron.activation[row])} for line, row in zip(shown, rows, strict=True)],
    }
    EXCERPTS(data={"key": drawn_key(drawn), **drawn}, key=f"examples_{side}")
    which = f"{len(rows)} of its {len(every):,} examples: the" if len(every) > 1 else "Its only example, the"
    then = ", then the most active" if len(every) > 1 else ""
    st.caption(f"{which} central one{then}. The number is the {atlas.manifest.vocabulary.activation}.")
