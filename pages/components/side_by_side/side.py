"""One of the two features: its name, a link to its page, and some of its examples."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.half import number
from ne_core.queries.maximum import maximum
from pages.components.base.assets import drawn_key
from pages.components.base.escape import markdown
from pages.components.side_by_side.feature import SideFeature
from pages.components.widgets.features import feature_row, feature_rows, numbered_row
from pages.components.widgets.token_lines.excerpts import EXCERPTS
from pages.components.widgets.token_lines.lines import lines

EXAMPLES = 10


def show_head(atlas: Atlas, side: str, feature: SideFeature) -> None:
    """Show the name of a feature as a row, which links to its page."""
    stored = feature.listed
    row = feature_row(atlas, atlas.feature_id(feature.ref), named=True, line=None) if stored else row_of(feature)
    feature_rows([row], atlas=atlas, name=f"head_{side}", label=f"Feature {side}", n_visible=1)


def row_of(feature: SideFeature) -> dict:
    """Row of a feature that is not in the atlas's table."""
    size, atlas = len(feature.cluster), feature.atlas
    return numbered_row(
        feature.ref.feature,
        **feature.label.data(),
        colour=feature.colour,
        href=feature.view.href(atlas),
        name=ref_name(atlas.manifest, feature.ref.of),
        meta=f"{size} example{'s' * (size != 1)}",
        line=None,
        maximum=maximum(atlas, feature.ref.of),
    )


def show_examples(atlas: Atlas, side: str, feature: SideFeature) -> None:
    """List the central example and the most active others."""
    st.markdown(f"**{side}: {markdown(feature.name)}**")
    neuron, all_rows = feature.neuron, feature.rows
    rows = all_rows[:EXAMPLES].tolist()
    texts = lines(atlas, neuron, rows, before=10, after=6)
    data = {
        "label": f"Examples of {side}, {feature.name}",
        "colour": feature.colour,
        "maximum": maximum(atlas, feature.ref.of),
        "causal": atlas.manifest.causal,
        "images": atlas.manifest.images,
        "lines": [line | {"aside": number(neuron.activation[row])} for line, row in zip(texts, rows, strict=True)],
    }
    EXCERPTS(data={"key": drawn_key(data), **data}, key=f"examples_{side}")
    several = f"{len(rows)} of {len(all_rows):,} examples: the central one, then the most active"
    selection = several if len(all_rows) > 1 else "The only example"
    st.caption(f"{selection}. The number is the {atlas.manifest.vocabulary.activation}.")
