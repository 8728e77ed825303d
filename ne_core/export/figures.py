"""Figures of whole atlases: arrays in, plotly figures out. plotly is imported when a figure is drawn."""

from collections.abc import Sequence
from html import escape

import numpy as np
from jaxtyping import Shaped

BAR, LINE = "#5f86bd", "#8a8f98"  # legible on light and dark pages

HEIGHT = 220
LEAST = 5  # per cent, least height of the axis: a tiny share must not fill its figure


def categories(layers: Sequence[str]) -> list[str]:
    """Return escaped layer names for an axis: plotly would read names from an atlas as markup."""
    return [escape(layer) for layer in layers]


def quartiles_by_layer(layers: Sequence[str], values: Sequence[Shaped[np.ndarray, " _"]], unit: str):
    """Draw the median of each layer as a bar, and a line from its lower to its upper quartile, ignoring NaN."""
    import plotly.graph_objects as go

    low, middle, high = np.array([quartiles(each) for each in values]).T
    bars = go.Bar(
        x=categories(layers),
        y=middle,
        error_y={"type": "data", "symmetric": False, "array": high - middle, "arrayminus": middle - low, "width": 4},
        customdata=np.stack([low, high], axis=1),
        hovertemplate="layer %{x}: median %{y:.3g} (%{customdata[0]:.3g} to %{customdata[1]:.3g})<extra></extra>",
    )
    return styled(go.Figure(bars), unit)


def share_by_layer(layers: Sequence[str], shares: Sequence[float], unit: str):
    """Draw a share of each layer as a bar, in per cent."""
    import plotly.graph_objects as go

    bars = go.Bar(
        x=categories(layers),
        y=[100 * share for share in shares],
        hovertemplate="layer %{x}: %{y:.1f} %<extra></extra>",
    )
    figure = styled(go.Figure(bars), unit)
    return figure.update_yaxes(range=[0, max(LEAST, 105 * max(shares, default=0))])


def quartiles(values: Shaped[np.ndarray, " _"]) -> tuple[float, float, float]:
    """Return lower quartile, median and upper quartile; NaN without values."""
    known = values[np.isfinite(values)]
    return tuple(np.quantile(known, [0.25, 0.5, 0.75]).tolist()) if len(known) else (np.nan,) * 3


def styled(figure, unit: str):
    """Apply the common size and margins; colours of text and grid are left to the page's theme."""
    figure.update_layout(
        height=HEIGHT, margin={"l": 8, "r": 8, "t": 8, "b": 8}, showlegend=False, bargap=0.45, dragmode=False
    )
    figure.update_traces(marker_color=BAR, error_y_color=LINE, selector={"type": "bar"})
    figure.update_xaxes(title="layer", type="category", fixedrange=True)
    figure.update_yaxes(title=unit, rangemode="tozero", fixedrange=True)
    return figure
