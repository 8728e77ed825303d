"""Figures that compare layers: how a measure spreads, and the classes. plotly is imported when one is drawn."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from ne_core.export.figures import BAR, LINE, categories, styled

CLASS_COLOURS = ("#8a8f98", "#5f86bd", "#c98a3c", "#4f9c86", "#9a78c4")  # as CLASSES; legible on light and dark pages


def spread_by_layer(
    layers: Sequence[str],
    quantiles: Float[np.ndarray, "n_layers 5"],
    unit: str,
    random: Float[np.ndarray, "n_layers 5"] | None = None,
):
    """Draw a box for each layer from lower to upper quartile, with the median and lines to the outer quantiles.

    The boxes of the layer's `random` directions are beside it in grey, if given.
    """
    import plotly.graph_objects as go

    series = [(quantiles, BAR, "neurons")] + ([(random, LINE, "random directions")] if random is not None else [])
    figure = go.Figure([box(layers, *each) for each in series])
    return styled(figure, unit).update_layout(boxmode="group" if len(series) > 1 else "overlay")


def box(layers: Sequence[str], quantiles: Float[np.ndarray, "n_layers 5"], colour: str, name: str):
    """A box for each layer from its five quantiles."""
    import plotly.graph_objects as go

    lowest, low, middle, high, highest = quantiles.T
    ends = {"lowerfence": lowest, "q1": low, "median": middle, "q3": high, "upperfence": highest}
    return go.Box(x=categories(layers), **ends, line={"color": colour, "width": 1.5}, name=name, hoverinfo="y+name")


def classes_by_layer(layers: Sequence[str], counts: Int[np.ndarray, "n_layers n_classes"], names: Sequence[str]):
    """Draw each class's share of each layer as a stacked bar; the hover text has the counts."""
    import plotly.graph_objects as go

    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = styled(
        go.Figure([class_bar(layers, *columns) for columns in zip(shares.T, counts.T, names, strict=True)]),
        "% of the layer",
    )
    for bar, colour in zip(figure.data, CLASS_COLOURS, strict=True):
        bar.marker.color = colour
    return figure.update_layout(barmode="stack", showlegend=True, legend={"traceorder": "reversed"})


def class_bar(layers: Sequence[str], shares: np.ndarray, counts: np.ndarray, name: str):
    """A bar for each layer: the share of its neurons in one class."""
    import plotly.graph_objects as go

    return go.Bar(
        x=categories(layers),
        y=shares,
        name=name,
        customdata=counts,
        hovertemplate="layer %{x}: %{customdata:,}, %{y:.1f} %",
    )
