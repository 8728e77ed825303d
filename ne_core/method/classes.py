"""Classes of neurons, by rules on how their examples are distributed over features.

The rules are tried in the order of CLASSES; the first that holds decides. `rules` states them in words.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int, Shaped

CLASSES = ("dead", "single", "primary-rare", "related", "many")
NAMES = {
    "dead": "Dead",
    "single": "Single meaning",
    "primary-rare": "Primary and rare",
    "related": "Related meanings",
    "many": "Many",
}
FEW = 2  # a feature with fewer examples is a stray
NEARLY_ALL = 0.8  # minimum share of the largest feature if all other features are strays
PRIMARY = 0.6  # minimum share of a primary feature
RARE = 0.2  # maximum share of the second largest feature beside a primary one
UNRELATED = 1.0  # cosine distance of unrelated examples


def neuron_classes(
    neurons: Mapping[str, Shaped[np.ndarray, " n"]], second: Int[np.ndarray, " n"], cut: float
) -> Int[np.ndarray, " n"]:
    """Class of every neuron, as an index into CLASSES; `second` is the size of its second largest feature."""
    n_examples, share = neurons["n_examples"], neurons["largest_share"]
    rules = [
        n_examples == 0,
        (neurons["n_features"] == 1) | ((second < FEW) & (share >= np.float32(NEARLY_ALL))),
        (share >= np.float32(PRIMARY)) & (second >= FEW) & (second <= RARE * n_examples),
        neurons["inter_distance"] <= related_distance(cut),
    ]
    return np.select(rules, [np.int8(i) for i in range(len(rules))], np.int8(len(rules)))


def related_distance(cut: float) -> float:
    """Largest distance between related features: half way from the cut to UNRELATED."""
    return (cut + UNRELATED) / 2


def second_sizes(n_features: Int[np.ndarray, " n"], size: Int[np.ndarray, " m"]) -> Int[np.ndarray, " n"]:
    """Size of each neuron's second largest feature, or 0; `size` is ordered by neuron, largest feature first."""
    second = np.zeros(len(n_features), dtype=np.int32)
    starts = np.cumsum(n_features, dtype=np.int64) - n_features
    several = n_features > 1
    second[several] = size[starts[several] + 1]
    return second


def rules(cut: float) -> dict[str, str]:
    """Return the rule of each class as a sentence."""
    return {
        "dead": "No activating examples.",
        "single": f"One feature, or a largest one with at least {NEARLY_ALL:.0%} of the examples while all others are "
        f"strays: features of fewer than {FEW} examples.",
        "primary-rare": f"The largest feature has at least {PRIMARY:.0%} of the examples, the second largest at least "
        f"{FEW} examples and at most {RARE:.0%} of them.",
        "related": f"Neither dead, single nor primary and rare; its features are at most {related_distance(cut):.2f} "
        f"apart (mean cosine distance between features), half way from the cut, {cut:g}, to unrelated, {UNRELATED:g}.",
        "many": "Neither dead, single nor primary and rare; its features are further apart than "
        f"{related_distance(cut):.2f}.",
    }


def class_counts(
    classes: Int[np.ndarray, " n"], layers: Int[np.ndarray, " n"], layer_numbers: tuple[int, ...]
) -> Int[np.ndarray, "n_layers n_classes"]:
    """Count the neurons of each class in each of the layers `layer_numbers`."""
    counts = [np.bincount(classes[layers == layer], minlength=len(CLASSES)) for layer in layer_numbers]
    return np.array(counts, dtype=np.int64).reshape(len(layer_numbers), len(CLASSES))
