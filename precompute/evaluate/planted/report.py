"""Report how well each space recovers planted sources, as tables over all layers and by layer, and as figures."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ne_core.method.embeddings import REFERENCE
from precompute.evaluate.bootstrap import mean_and_ends, mean_with_interval
from precompute.evaluate.planted.cuts import SUGGESTED
from precompute.evaluate.planted.outcomes import USUAL, Outcome, calibrated
from precompute.report import Figure, aligned

BySpace = Mapping[str, Sequence[Outcome]]  # the same plantings in each space
ByLayer = Mapping[int, BySpace]
Value = Callable[[Sequence[Outcome]], Float[np.ndarray, " n"]]


def with_several_sources(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Plantings of two or more sources; one source has nothing to separate."""
    return [each for each in outcomes if each.n_sources > 1]


def at_best_cut(outcomes: Sequence[Outcome]) -> Float[np.ndarray, " n"]:
    return np.array([each.rand.max() for each in with_several_sources(outcomes)], dtype=np.float64)


def at_calibrated_cut(outcomes: Sequence[Outcome]) -> Float[np.ndarray, " n"]:
    """Rand index at the cut that was best on the other half; plantings of one source are excluded."""
    cuts = calibrated(with_several_sources(outcomes))
    return np.array([each.rand_at_cut(cuts[each.half]) for each in with_several_sources(outcomes)], dtype=np.float64)


def at_suggested_cut(outcomes: Sequence[Outcome]) -> Float[np.ndarray, " n"]:
    return np.array(
        [each.rand_at_cut(each.cuts[SUGGESTED]) for each in with_several_sources(outcomes)], dtype=np.float64
    )


def at_usual_cut(outcomes: Sequence[Outcome]) -> Float[np.ndarray, " n"]:
    return np.array([each.rand_at_cut(each.cuts[USUAL]) for each in with_several_sources(outcomes)], dtype=np.float64)


VALUES: dict[str, Value] = {
    "AUC": lambda outcomes: np.array([each.auc for each in with_several_sources(outcomes)], dtype=np.float64),
    "best": at_best_cut,
    "calibrated": at_calibrated_cut,
    "suggested": at_suggested_cut,
    "usual": at_usual_cut,
}

TITLES = {
    "AUC": "AUC",
    "best": "Rand: best cut",
    "calibrated": "calibrated cut",
    "suggested": "suggested cut",
    "usual": "usual cut",
}


def over_layers(layers: ByLayer, space: str, value: Value) -> Float[np.ndarray, " n"]:
    """Values of all layers; cuts are calibrated layer by layer."""
    return np.concatenate([value(by_space[space]) for by_space in layers.values()])


def table(layers: ByLayer, spaces: Sequence[str]) -> str:
    """Table with a row for each space, over all layers; the gain over the reference is paired by planting."""
    rows = []
    reference = over_layers(layers, REFERENCE, at_calibrated_cut)
    for space in spaces:
        values = {name: over_layers(layers, space, value) for name, value in VALUES.items()}
        gain = mean_with_interval(values["calibrated"] - reference, signed=True) if space != REFERENCE else ""
        rows.append([space, *map(mean_with_interval, values.values()), gain])
    head = ["", *TITLES.values(), "calibrated, over neuron"]
    return aligned([head, *rows])


def layer_tables(layers: ByLayer, spaces: Sequence[str]) -> str:
    """A table for each measure, with a column for each layer."""
    head = [f"layer {layer}" for layer in layers]
    tables = []
    for name, value in VALUES.items():
        rows = [
            [space, *(mean_with_interval(value(by_space[space]), 2) for by_space in layers.values())]
            for space in spaces
        ]
        tables.append(aligned([[TITLES[name], *head], *rows]))
    return "\n\n".join(tables)


def planted_figures(atlas: str, kind: str, layers: ByLayer, spaces: Sequence[str]) -> list[Figure]:
    figures, reference = [], over_layers(layers, REFERENCE, at_calibrated_cut)
    for space in spaces:
        values = {name.lower(): over_layers(layers, space, value) for name, value in VALUES.items()}
        if space != REFERENCE:
            values["over_neuron"] = values["calibrated"] - reference
        for name, each in values.items():
            stem, unit = f"planted_{kind}_{name}_{space}", "share" if name == "auc" else "rand"
            figures += [Figure(f"{stem}{end}_{atlas}", value, unit) for end, value in mean_and_ends(each).items()]
    return figures
