"""How well each space gives planted sources back, as tables over all layers and by layer, and as figures."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ne_core.method.embeddings import REFERENCE
from precompute.evaluate.planted.cuts import SUGGESTED
from precompute.evaluate.planted.outcomes import USUAL, Outcome, calibrated
from precompute.evaluate.resampled import ends, told
from precompute.report import Figure, aligned

BySpace = Mapping[str, Sequence[Outcome]]  # the same plantings in each space
ByLayer = Mapping[int, BySpace]
Value = Callable[[Sequence[Outcome]], Float[np.ndarray, " n"]]


def several(found: Sequence[Outcome]) -> list[Outcome]:
    """Plantings of one source have nothing to tell apart."""
    return [each for each in found if each.n_sources > 1]


def best(found: Sequence[Outcome]) -> Float[np.ndarray, " n"]:
    return np.array([each.rand.max() for each in several(found)], dtype=np.float64)


def at_calibrated(found: Sequence[Outcome]) -> Float[np.ndarray, " n"]:
    """At the cut that was best on the other half; single sources are no part of either."""
    cuts = calibrated(several(found))
    return np.array([each.rand_at(cuts[each.half]) for each in several(found)], dtype=np.float64)


def at_suggested(found: Sequence[Outcome]) -> Float[np.ndarray, " n"]:
    return np.array([each.rand_at(each.cuts[SUGGESTED]) for each in several(found)], dtype=np.float64)


def at_usual(found: Sequence[Outcome]) -> Float[np.ndarray, " n"]:
    return np.array([each.rand_at(each.cuts[USUAL]) for each in several(found)], dtype=np.float64)


VALUES: dict[str, Value] = {
    "AUC": lambda found: np.array([each.auc for each in several(found)], dtype=np.float64),
    "best": best,
    "calibrated": at_calibrated,
    "suggested": at_suggested,
    "usual": at_usual,
}

TITLES = {
    "AUC": "AUC",
    "best": "Rand: best cut",
    "calibrated": "calibrated cut",
    "suggested": "suggested cut",
    "usual": "usual cut",
}


def over_layers(layers: ByLayer, space: str, value: Value) -> Float[np.ndarray, " n"]:
    """Cuts are calibrated layer by layer."""
    return np.concatenate([value(found[space]) for found in layers.values()])


def table(layers: ByLayer, spaces: Sequence[str]) -> str:
    """A row a space, over all layers; what it has over the reference at the calibrated cut is paired by planting."""
    rows = []
    reference = over_layers(layers, REFERENCE, at_calibrated)
    for space in spaces:
        values = {name: over_layers(layers, space, value) for name, value in VALUES.items()}
        gain = told(values["calibrated"] - reference, signed=True) if space != REFERENCE else ""
        rows.append([space, *map(told, values.values()), gain])
    head = ["", *TITLES.values(), "calibrated, over neuron"]
    return aligned([head, *rows])


def layer_tables(layers: ByLayer, spaces: Sequence[str]) -> str:
    """Each measure by itself, a column a layer."""
    head = [f"layer {layer}" for layer in layers]
    tables = []
    for name, value in VALUES.items():
        rows = [[space, *(told(value(found[space]), 2) for found in layers.values())] for space in spaces]
        tables.append(aligned([[TITLES[name], *head], *rows]))
    return "\n\n".join(tables)


def planted_figures(atlas: str, kind: str, layers: ByLayer, spaces: Sequence[str]) -> list[Figure]:
    figures, reference = [], over_layers(layers, REFERENCE, at_calibrated)
    for space in spaces:
        values = {name.lower(): over_layers(layers, space, value) for name, value in VALUES.items()}
        if space != REFERENCE:
            values["over_neuron"] = values["calibrated"] - reference
        for name, each in values.items():
            stem, unit = f"planted_{kind}_{name}_{space}", "share" if name == "auc" else "rand"
            figures += [Figure(f"{stem}{end}_{atlas}", value, unit) for end, value in ends(each).items()]
    return figures
