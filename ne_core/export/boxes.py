"""Distribution of a measure in each space, layer by layer, as boxes to draw: a plain dict for pages and for files.

{label, y: {low, high, title, ticks}, x: {title}, series: [name], groups: [{name, boxes: [box]}]}; a box is {n, low, q1,
median, q3, high, mark, words}: its quartiles, from the 5th to the 95th percentile, and one neuron's value or None.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ne_core.export.axes import ticks_within
from ne_core.method.comparison import Comparison
from ne_core.numbers import fixed
from ne_core.refs import NeuronRef

ENDS = (5, 25, 50, 75, 95)
TITLES = {
    "silhouette": "mean silhouette (−1 to 1, more is better)",
    "ratio": "distance within / between (less is better)",
    "intra": "mean cosine distance within clusters",
    "inter": "mean cosine distance between clusters",
}


def boxes(
    comparison: Comparison,
    layers: Mapping[int, str],
    spaces: Sequence[str],
    measure: str,
    by: str,
    label: str,
    current: NeuronRef | None = None,
) -> dict:
    """Return the plot of `measure` on the clusters of the space `by`.

    `layers` maps layer numbers to their titles, `spaces` lists spaces in drawing order; `current` is marked if present.
    """
    groups = []
    for layer, name in layers.items():
        in_layer = comparison.of_layer(layer)
        values = in_layer.values(measure, by)
        rows = np.flatnonzero(in_layer.neuron == current.neuron) if current and current.layer == layer else []
        layer_boxes = [
            box(values[:, i], space, values[rows[0], i] if len(rows) else np.nan) for i, space in enumerate(spaces)
        ]
        groups.append({"name": name, "boxes": [plot_box for plot_box in layer_boxes if plot_box]})
    return {
        "label": label,
        "x": {"title": "layer"},
        "y": axis([plot_box for group in groups for plot_box in group["boxes"]], TITLES[measure]),
        "series": list(spaces),
        "groups": groups,
    }


def box(values: Float[np.ndarray, " n"], space: str, mark: float) -> dict | None:
    """Return the box of one space in one layer, or None without a finite value."""
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    low, q1, median, q3, high = np.percentile(known, ENDS).tolist()
    mark_text = f"; this neuron {fixed(mark)}" if np.isfinite(mark) else ""
    words = (
        f"{space}: median {fixed(median)}, half of {len(known):,} neurons from {fixed(q1)} to {fixed(q3)}{mark_text}"
    )
    summary = {"n": len(known), "low": low, "q1": q1, "median": median, "q3": q3, "high": high}
    return summary | {"space": space, "mark": float(mark) if np.isfinite(mark) else None, "words": words}


def axis(plot_boxes: Sequence[Mapping], title: str) -> dict:
    """The vertical axis: ends with some room, title and ticks."""
    ends = [
        plot_box[end] for plot_box in plot_boxes for end in ("low", "high", "mark") if plot_box[end] is not None
    ] or [0.0, 1.0]
    low, high = min(ends), max(ends)
    room = 0.04 * ((high - low) or 1.0)
    return {"low": low - room, "high": high + room, "title": title, "ticks": ticks_within(low - room, high + room)}
