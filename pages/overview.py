"""Page “Overview”: how the atlas was built, how its layers differ, and good places to start."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_marks, ref_name
from ne_core.export import figures
from ne_core.queries.ranking import comparison_columns
from ne_core.refs import NeuronRef
from pages.components.base.escape import markdown
from pages.components.cached.per_atlas import per_atlas
from pages.components.cached.starts import SOLID, Start, starts
from pages.components.shell.frame import open_page
from pages.components.shell.nav import ensure_router
from pages.components.shell.settings import counts, settings
from pages.components.text.labels import brief, label
from pages.components.text.measure_columns import counted_at
from pages.components.url import links, location
from pages.components.url.ranking_view import presets
from pages.components.widgets import export
from pages.components.widgets.chips import Chip, chips
from pages.components.widgets.export_tables import layers_table
from pages.components.widgets.features import feature_rows
from pages.components.widgets.thumbs import thumbs

ensure_router()
PICKS = 4  # neurons of each kind
NAMED = 4  # features named in a neuron’s row


def show_starts(atlas: Atlas) -> None:
    groups = starts(atlas, PICKS)
    if not groups:
        return
    st.subheader("Where to start", anchor=False)
    for i, (column, start) in enumerate(zip(st.columns(len(groups), gap="medium"), groups, strict=True)):
        with column:
            show_start(atlas, start, f"start{i}")
    st.markdown(f"**Or rank every {atlas.manifest.vocabulary.unit} by its measures:**")
    chips(
        [Chip(name, view.href(atlas)) for name, view in presets(atlas.manifest).items()],
        name="ranking",
        label="Views of the ranking",
    )


def show_start(atlas: Atlas, start: Start, name: str) -> None:
    st.markdown(f"**{start.title}**")
    rows = [neuron_row(atlas, ref) for ref in start.neurons]
    feature_rows(rows, atlas=atlas, name=name, label=start.title, n_visible=PICKS, narrow=True)
    st.caption(start.rule)


def neuron_row(atlas: Atlas, ref: NeuronRef) -> dict:
    """Row of a neuron: the short names and the sizes of its larger features."""
    ids = atlas.feature_ids(ref)
    sizes = [int(atlas.features["size"][id]) for id in ids]
    large = [(id, size) for id, size in zip(ids, sizes, strict=True) if size >= SOLID][:NAMED] or [(ids[0], sizes[0])]
    listed_sizes = location.listed([size for _, size in large], "and")
    return {
        "href": links.neuron_href(atlas, ref),
        "number": None,
        "colour": None,
        "name": ref_name(atlas.manifest, ref),
        "label": brief([label(atlas, id) for id, _ in large]),
        "has_others": sum(size >= SOLID for size in sizes) > NAMED,
        "meta": "",
        "share": None,
        "line": None,
        "maximum": 1,
        "why": f"{listed_sizes} of {sum(sizes)} examples",
        "current": False,
        "centres": centres(atlas, ref, [id for id, _ in large]),
    }


def centres(atlas: Atlas, ref: NeuronRef, ids: list[int]) -> list[dict]:
    """Images at the centres of some features of a neuron; empty for an atlas of texts."""
    if atlas.images is None:
        return []
    return thumbs(atlas, atlas.neuron(ref).example[atlas.features["central"][ids]])


def show_layers(atlas: Atlas) -> list[export.Page]:
    """Show the figures, and return them for the export."""
    st.subheader("How the layers differ", anchor=False)
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
    columns = {"features": comparison_columns(atlas)["features"], "cosine distance": table["mean_distance"]}
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


def show_settings(atlas: Atlas) -> None:
    st.subheader("How the atlas was built", anchor=False)
    st.html(settings(atlas.manifest))


atlas = open_page("overview")
request = location.read(atlas.slug)
location.settle(request, links.atlas_query(atlas))
words = atlas.manifest.vocabulary
st.title(f"What {words.units} of {markdown(atlas.manifest.name)} respond to", anchor=False)
st.markdown(
    f"An atlas of one {words.model}. Every {words.unit}’s activating examples were split into **features**: clusters "
    f"of examples that activate the {words.unit} for the same reason."
)
st.html(counts(atlas))
show_starts(atlas)
layer_pages = show_layers(atlas)
export.menu(atlas, links.atlas_query(atlas), "overview", tables=[layers_table(atlas)], pages=layer_pages)
show_settings(atlas)
