"""Statistics of whole layers: the classes with their rules, and the spread of measures and classes."""

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_marks
from ne_core.export import layer_figures
from ne_core.method.classes import NAMES, rules
from ne_core.queries.ranking import Ranking, quantiles
from pages.components.cached.per_atlas import per_atlas
from pages.components.shell.settings import pairs, safe
from pages.components.text.measure_columns import counted_at
from pages.components.widgets.export import Page, plotly_page, toolbar

RANDOM = {"features": "random_features", "mean_distance": "random_distance"}  # the same measures of random directions


def show_classes(atlas: Atlas, ranking: Ranking) -> None:
    st.subheader("The classes", anchor=False)
    counts = ranking.class_counts.sum(axis=0).tolist()
    texts = rules(atlas.manifest.default_cut)
    st.html(
        pairs(
            "ne-settings",
            {f"{NAMES[kind]} ({n:,})": safe(texts[kind]) for kind, n in zip(NAMES, counts, strict=True)},
        )
    )
    st.caption("Rules are applied from the top; the first one that matches decides.")


def show_layers(atlas: Atlas, ranking: Ranking) -> list[Page]:
    """Show the figures, and return them for the export."""
    st.subheader("How the layers differ", anchor=False)
    left, middle, right = st.columns([1, 1, 1.4], gap="medium")
    with left:
        title = f"Features per {atlas.manifest.vocabulary.unit}"
        features = show_spread(atlas, ranking, "features", title, "features", counted_at(atlas.manifest))
    with middle:
        distance = show_spread(atlas, ranking, "mean_distance", "Mean distance", "cosine distance")
    with right:
        st.markdown("**Classes**")
        figure = classes_figure(atlas, ranking)
        words = "; ".join(
            class_counts_text(layer, counts)
            for layer, counts in zip(layer_marks(atlas.manifest), ranking.class_counts, strict=True)
        )
        st.plotly_chart(figure, key="classes", config=toolbar("classes"), alt=f"Classes by layer. {words}.")
        st.caption(f"Share of each layer’s {atlas.manifest.vocabulary.units} in each class.")
    return [features, distance, plotly_page("Classes by layer", "classes", figure)]


def class_counts_text(layer: str, counts: np.ndarray) -> str:
    return f"layer {layer}: " + ", ".join(
        f"{n:,} {name.lower()}" for name, n in zip(NAMES.values(), counts.tolist(), strict=True)
    )


@per_atlas()
def classes_figure(atlas: Atlas, _ranking: Ranking):
    return layer_figures.classes_by_layer(layer_marks(atlas.manifest), _ranking.class_counts, list(NAMES.values()))


@per_atlas(entries=8)
def spread_figure(atlas: Atlas, _ranking: Ranking, column: str, unit: str):
    random = None if atlas.manifest.rarefied is None else random_quantiles(atlas, RANDOM[column])
    return layer_figures.spread_by_layer(layer_marks(atlas.manifest), _ranking.quantiles(column), unit, random)


def random_quantiles(atlas: Atlas, name: str) -> np.ndarray:
    """Quantiles of a measure of random directions, a row for each layer."""
    return np.array([quantiles(atlas.files[layer].random[name]) for layer in atlas.layers])


def show_spread(atlas: Atlas, ranking: Ranking, column: str, title: str, unit: str, note: str = "") -> Page:
    """Show a figure, with its medians as alternative text; `note` is added to the caption."""
    quantiles = ranking.quantiles(column)
    medians = ", ".join(
        f"layer {layer}: {median:.3g}"
        for layer, median in zip(layer_marks(atlas.manifest), quantiles[:, 2], strict=True)
    )
    st.markdown(f"**{title}**")
    figure = spread_figure(atlas, ranking, column, unit)
    st.plotly_chart(figure, key=column, config=toolbar(column), alt=f"{title}, medians: {medians}.")
    subject = f"{title} {note}" if note else f"{atlas.manifest.vocabulary.Units} with examples"
    random = " Grey: random directions." if atlas.manifest.rarefied else ""
    ends = "the lines extend from the lowest to the highest 5\N{NO-BREAK SPACE}%"
    st.caption(f"{subject}: median and quartiles; {ends}.{random}")
    return plotly_page(f"{title} by layer", column, figure)
