"""Evaluate how well each space separates clusters (the paper's Figure 4), over all neurons."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_mark
from ne_core.errors import AtlasError
from ne_core.export.boxes import boxes
from ne_core.export.svg.boxes import boxes_svg
from ne_core.method.comparison import BEST, BY, COMPARED, EACH, LEAST, MOST, Comparison
from precompute.evaluate.bootstrap import mean, mean_and_ends, mean_with_interval
from precompute.report import Figure, Report, aligned

HEAD = f"""\
How well each space separates a neuron's clusters. Neurons with {LEAST} to {MOST:,} examples and two features or more;
as many clusters as features, from the space in the column “clusters of” or from each space itself; a space has an
advantage on its own clusters. Means over neurons with 95 % intervals; “best in”: the share of neurons in which a space
is best.
"""
TITLES = {
    "silhouette": "Silhouette: higher is better.",
    "ratio": "Distance within / between clusters: lower is better.",
}
PAIRS = (("neuron", "pre_mlp"), ("standardised", "neuron"))  # reported differences: the paper's claim, and ours


def evaluate_spaces(atlas: Atlas) -> Report:
    """Return tables, figures and pictures. Raises AtlasError for an atlas without a comparison of spaces."""
    comparison = atlas.comparison
    if comparison is None:
        raise AtlasError(f"{atlas.root} holds no comparison of spaces: build it again, from texts")
    layers = {layer: layer_mark(atlas.manifest, layer) for layer in atlas.layers}
    tables = [f"{TITLES[measure]}\n\n{measure_table(comparison, layers, measure)}" for measure in BEST]
    return Report(
        HEAD + "\n" + "\n\n".join(tables),
        tuple(figures(comparison, atlas.root.name)),
        {f"spaces_{by}": picture(comparison, layers, by) for by in BY},
    )


def measure_table(comparison: Comparison, layers: dict[int, str], measure: str) -> str:
    """Table with a row for each layer and one for all, for the clusters of each space."""
    differences = [f"{a} − {b}" for a, b in PAIRS]
    head = ["clusters of", "layer", "neurons", *COMPARED, *(f"best in {name}" for name in COMPARED), *differences]
    parts = {name: comparison.of_layer(layer) for layer, name in layers.items()} | {"all": comparison}
    return aligned([head, *(row(part, name, measure, by) for by in BY for name, part in parts.items())])


def row(comparison: Comparison, name: str, measure: str, by: str) -> list[str]:
    values, wins = finite_rows(comparison.values(measure, by)), comparison.wins(measure, by)
    means = [mean_with_interval(values[:, i]) for i in range(len(COMPARED))]
    shares = [mean_with_interval(wins[:, i], digits=2) for i in range(len(COMPARED))]
    differences = [mean_with_interval(difference(values, *pair), signed=True) for pair in PAIRS]
    return [cluster_label(by), name, f"{len(values):,}", *means, *shares, *differences]


def cluster_label(by: str) -> str:
    return "each its own" if by == EACH else by


def finite_rows(values: Float[np.ndarray, "n space"]) -> Float[np.ndarray, "k space"]:
    """Rows of neurons whose measure is finite in every space, so that all spaces are measured on the same neurons."""
    return values[np.isfinite(values).all(axis=1)]


def difference(values: Float[np.ndarray, "n space"], one: str, other: str) -> Float[np.ndarray, " n"]:
    """Difference between two spaces, neuron by neuron."""
    return values[:, COMPARED.index(one)] - values[:, COMPARED.index(other)]


def figures(comparison: Comparison, atlas: str) -> Iterator[Figure]:
    """Figures over all layers: means, shares, and differences with their intervals."""
    for measure, unit in (("silhouette", "silhouette"), ("ratio", "ratio")):
        for by in BY:
            name = f"spaces_{measure}_of_{by}"
            values, wins = finite_rows(comparison.values(measure, by)), comparison.wins(measure, by)
            for i, space in enumerate(COMPARED):
                yield Figure(f"{name}_in_{space}_{atlas}", mean(values[:, i]), unit)
                yield Figure(f"{name}_best_in_{space}_{atlas}", mean(wins[:, i]), "share")
            for one, other in PAIRS:
                for end, value in mean_and_ends(difference(values, one, other)).items():
                    yield Figure(f"{name}_{one}_over_{other}{end}_{atlas}", value, unit)


def picture(comparison: Comparison, layers: dict[int, str], by: str) -> str:
    origin = "that each space made itself" if by == EACH else f"of {by}"
    return boxes_svg(
        boxes(comparison, layers, COMPARED, "silhouette", by, f"Silhouette of clusters {origin}, by layer.")
    )
