"""How a measure is spread in each space, layer by layer, as boxes to draw: a plain dict for pages and for files.

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
    found: Comparison,
    layers: Mapping[int, str],
    spaces: Sequence[str],
    measure: str,
    by: str,
    label: str,
    current: NeuronRef | None = None,
) -> dict:
    """`layers` by number and `spaces` in order are given as they are called; `current` is marked where it is there."""
    groups = []
    for layer, name in layers.items():
        here = found.of_layer(layer)
        values = here.values(measure, by)
        at = np.flatnonzero(here.neuron == current.neuron) if current and current.layer == layer else []
        made = [box(values[:, i], space, values[at[0], i] if len(at) else np.nan) for i, space in enumerate(spaces)]
        groups.append({"name": name, "boxes": [each for each in made if each]})
    return {
        "label": label,
        "x": {"title": "layer"},
        "y": axis([each for group in groups for each in group["boxes"]], TITLES[measure]),
        "series": list(spaces),
        "groups": groups,
    }


def box(values: Float[np.ndarray, " n"], space: str, mark: float) -> dict | None:
    """None where nothing is known."""
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    low, q1, median, q3, high = np.percentile(known, ENDS).tolist()
    here = f"; this neuron {fixed(mark)}" if np.isfinite(mark) else ""
    words = f"{space}: median {fixed(median)}, half of {len(known):,} neurons from {fixed(q1)} to {fixed(q3)}{here}"
    told = {"n": len(known), "low": low, "q1": q1, "median": median, "q3": q3, "high": high}
    return told | {"space": space, "mark": float(mark) if np.isfinite(mark) else None, "words": words}


def axis(shown: Sequence[Mapping], title: str) -> dict:
    ends = [each[end] for each in shown for end in ("low", "high", "mark") if each[end] is not None] or [0.0, 1.0]
    low, high = min(ends), max(ends)
    room = 0.04 * ((high - low) or 1.0)
    return {"low": low - room, "high": high + room, "title": title, "ticks": ticks_within(low - room, high + room)}
