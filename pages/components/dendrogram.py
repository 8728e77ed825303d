"""The tree of one neuron's examples: leaves and branches in the colours of their features, and the cut."""

import numpy as np

from ne_core.atlas import Atlas, Neuron
from ne_core.dendrogram import dendrogram, node_features
from ne_core.palette import feature_colour
from ne_core.refs import FeatureRef
from pages.components.assets import component, drawn_key
from pages.components.lines import lines
from pages.components.links import neuron_href

DENDROGRAM = component(
    "dendrogram",
    html='<div id="plot" tabindex="0" role="group"></div><div id="tip" role="tooltip"></div>'
    '<div id="live" class="hidden" role="status" aria-live="polite"></div>',
)


def tree_of(atlas: Atlas, neuron: Neuron, cut: float, current: int, **more: str) -> None:
    """Draw the neuron's tree. A leaf opens its feature; `more` is what such a link keeps of the URL."""
    features = neuron.features(cut)
    layout = dendrogram(neuron.tree)
    inside = node_features(neuron.tree, features, cut)
    n = len(neuron)
    drawn = {
        "label": f"Dendrogram: {n} examples in {features.max() + 1} features. Left and right arrows move between "
        "examples, up and down between features, Enter opens one.",
        "cut": round(cut, 4),
        "top": round(float(max(layout.height.max(), cut)) * 1.06, 4) or 1.0,
        "leaves": leaves(atlas, neuron, layout.order, features, more),
        "branches": [branch(layout, n + k, inside) for k in range(n - 1)],
    }
    DENDROGRAM(data={"key": drawn_key(drawn), "current": current, **drawn}, key="dendrogram")


def leaves(atlas: Atlas, neuron: Neuron, order: np.ndarray, features: np.ndarray, more: dict[str, str]) -> list[dict]:
    """From the left: feature, colour, link, and the text around the key token."""
    made = []
    for row, line in zip(order.tolist(), lines(atlas, neuron, order, before=10, after=4), strict=True):
        feature, texts, k = int(features[row]), line["t"], line["k"]
        made.append(
            {
                "f": feature,
                "c": feature_colour(feature).css,
                "text": ["".join(texts[:k]), texts[k], "".join(texts[k + 1 :])],
                "href": neuron_href(atlas, FeatureRef(neuron.ref.layer, neuron.ref.neuron, feature), **more),
            }
        )
    return made


def branch(layout, node: int, inside: np.ndarray) -> dict:
    """One branch point: where its two arms stand, how high they reach down, and its feature."""
    children = layout.children[node - len(layout.order)]
    feature = int(inside[node])
    return {
        "x": layout.x[children].tolist(),
        "y": [round(float(height), 4) for height in (*layout.height[children], layout.height[node])],
        "f": feature,
        "c": feature_colour(feature).css if feature >= 0 else None,
    }
