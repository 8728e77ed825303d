"""Figures of the layers: features per neuron, mean distance, dead neurons."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_marks
from ne_core.export import figures
from ne_core.queries.ranking import compared_features
from pages.components.cached.per_atlas import per_atlas
from pages.components.text.measure_columns import counted_at
from pages.components.widgets import export


def show_layers(atlas: Atlas) -> list[export.Page]:
    """Show the figures, and return them for the export."""
    features, distance, dead = layer_figures(atlas)
    words = atlas.manifest.vocabulary
    median = f"Median over {words.units} with examples, and the quartiles"
    left, middle, right = st.columns(3, gap="medium")
    with left:
        pages = [draw(f"Features per {words.unit}", atlas, *features)]
        st.caption(f"{median}: features {counted_at(atlas.manifest)}.")
    with middle:
        pages += [draw("Mean distance", atlas, *distance)]
        st.caption(f"{median}: 0 is one direction, 1 unrelated examples.")
    with right:
        return pages + show_dead(atlas, *dead)


@per_atlas()
def layer_figures(atlas: Atlas) -> list[tuple]:
    """Figures of features per neuron, mean distance and dead neurons, each with its value for every layer."""
    table, alive = atlas.neurons, atlas.neurons["n_examples"] > 0
    layer_masks = [table["layer"] == layer for layer in atlas.layers]
    figures_and_medians = []
    columns = {"features": compared_features(atlas), "cosine distance": table["mean_distance"]}
    for unit, column in columns.items():
        values = [column[in_layer & alive].astype(float) for in_layer in layer_masks]
        medians = [figures.quartiles(each)[1] for each in values]
        figures_and_medians.append((figures.quartiles_by_layer(layer_marks(atlas.manifest), values, unit), medians))
    dead = [float((~alive[in_layer]).mean()) for in_layer in layer_masks]
    return [*figures_and_medians, (figures.share_by_layer(layer_marks(atlas.manifest), dead, "% of the layer"), dead)]


def show_dead(atlas: Atlas, figure, shares: list[float]) -> list[export.Page]:
    words = atlas.manifest.vocabulary
    if not any(shares):
        st.markdown(f"**Dead {words.units}**")
        st.markdown(f"No {words.unit} is dead: each is activated by at least one {words.token}.")
        return []
    page = draw(f"Dead {words.units}", atlas, figure, [100 * share for share in shares], " %")
    st.caption(f"Share of a layer’s {words.units} that no {words.token} activates.")
    return [page]


def draw(title: str, atlas: Atlas, figure, values: list[float], unit: str = "") -> export.Page:
    """Show a figure, with its values as alternative text, and return it for the export."""
    st.markdown(f"**{title}**")
    layer_values = zip(layer_marks(atlas.manifest), values, strict=True)
    words = ", ".join(f"layer {layer}: {value:.3g}{unit}" for layer, value in layer_values)
    st.plotly_chart(figure, key=title, config=export.toolbar(title), alt=f"{title} by layer. {words}.")
    return export.plotly_page(f"{title} by layer", title, figure)
