"""Which space keeps clusters apart best (the paper's Figure 4), over all neurons: a table, boxes, figures."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_mark
from ne_core.errors import AtlasError
from ne_core.export.boxes import boxes
from ne_core.export.boxes_svg import boxes_svg
from ne_core.method.comparison import BEST, BY, COMPARED, EACH, LEAST, MOST, Comparison
from precompute.evaluate.resampled import ends, mean, told
from precompute.report import Figure, Report, aligned

HEAD = f"""\
Which space keeps a neuron's clusters apart best. Neurons with {LEAST} to {MOST:,} examples and two features or more; as
many clusters as features, made by the space that “clusters of” names or by each space itself, which favours whoever
made them. Means over neurons with 95 % intervals; “best in”: the share of neurons in which a space is best.
"""
TITLES = {"silhouette": "Silhouette: more is better.", "ratio": "Distance within / between clusters: less is better."}
PAIRS = (("neuron", "pre_mlp"), ("standardised", "neuron"))  # differences that are told: the paper's claim, and ours


def evaluate_spaces(atlas: Atlas) -> Report:
    """Raises AtlasError where the atlas does not compare spaces."""
    found = atlas.comparison
    if found is None:
        raise AtlasError(f"{atlas.root} holds no comparison of spaces: build it again, from texts")
    layers = {layer: layer_mark(atlas.manifest, layer) for layer in atlas.layers}
    tables = [f"{TITLES[measure]}\n\n{measure_table(found, layers, measure)}" for measure in BEST]
    return Report(
        HEAD + "\n" + "\n\n".join(tables),
        tuple(figures(found, atlas.root.name)),
        {f"spaces_{by}": picture(found, layers, by) for by in BY},
    )


def measure_table(found: Comparison, layers: dict[int, str], measure: str) -> str:
    """A row for each layer and one for all, for the clusters of each."""
    differences = [f"{a} − {b}" for a, b in PAIRS]
    head = ["clusters of", "layer", "neurons", *COMPARED, *(f"best in {name}" for name in COMPARED), *differences]
    parts = {name: found.of_layer(layer) for layer, name in layers.items()} | {"all": found}
    return aligned([head, *(row(part, name, measure, by) for by in BY for name, part in parts.items())])


def row(found: Comparison, name: str, measure: str, by: str) -> list[str]:
    values, wins = known(found.values(measure, by)), found.wins(measure, by)
    means = [told(values[:, i]) for i in range(len(COMPARED))]
    shares = [told(wins[:, i], digits=2) for i in range(len(COMPARED))]
    apart = [told(difference(values, *pair), signed=True) for pair in PAIRS]
    return [called(by), name, f"{len(values):,}", *means, *shares, *apart]


def called(by: str) -> str:
    return "each its own" if by == EACH else by


def known(values: Float[np.ndarray, "n space"]) -> Float[np.ndarray, "k space"]:
    """Neurons whose measure is known in every space, so that all spaces are measured on the same ones."""
    return values[np.isfinite(values).all(axis=1)]


def difference(values: Float[np.ndarray, "n space"], one: str, other: str) -> Float[np.ndarray, " n"]:
    """Neuron by neuron."""
    return values[:, COMPARED.index(one)] - values[:, COMPARED.index(other)]


def figures(found: Comparison, atlas: str) -> Iterator[Figure]:
    """Of all layers: means, shares, and differences with their intervals."""
    for measure, unit in (("silhouette", "silhouette"), ("ratio", "ratio")):
        for by in BY:
            name = f"spaces_{measure}_of_{by}"
            values, wins = known(found.values(measure, by)), found.wins(measure, by)
            for i, space in enumerate(COMPARED):
                yield Figure(f"{name}_in_{space}_{atlas}", mean(values[:, i]), unit)
                yield Figure(f"{name}_best_in_{space}_{atlas}", mean(wins[:, i]), "share")
            for one, other in PAIRS:
                for end, value in ends(difference(values, one, other)).items():
                    yield Figure(f"{name}_{one}_over_{other}{end}_{atlas}", value, unit)


def picture(found: Comparison, layers: dict[int, str], by: str) -> str:
    whose = "that each space made itself" if by == EACH else f"of {by}"
    return boxes_svg(boxes(found, layers, COMPARED, "silhouette", by, f"Silhouette of clusters {whose}, by layer."))
