"""Compare the polysemanticity of an autoencoder's latents and of the units they read, at equal numbers of examples.

Every table has the dictionary of single inputs, whose distances are 0 by construction: short distances alone prove
nothing, so each unit's effective number of inputs is shown as well.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.method.embeddings import EMBEDDINGS
from precompute.evaluate.equal_n import SETS, Units, layer_units
from precompute.evaluate.names_report import interval
from precompute.report import Figure, Report, aligned
from precompute.run.progress import OnProgress, counted, silent

EXAMPLES = 20  # of each unit in a set
HEAD = f"""\
Polysemanticity at equal numbers of examples: of every unit with at least {EXAMPLES} activating examples, the mean over
{SETS} random sets of {EXAMPLES}; 95 % intervals over units (bootstrap). Features at cosine distance {{cut:g}}, the cut
of the first atlas, for all atlases. “mean” and “max” are distances between embeddings {{embedding}}, as in the first
atlas. Units that read different things (an MLP the stream, an autoencoder an MLP) have embeddings in different spaces:
their distances, and so their features at a cut, are not on one scale. “inputs”: the median effective number of inputs,
1 / Σ p², p an input's share of the squares of a unit's x ⊙ w. All embeddings x ⊙ w of a unit that reads one input are
at distance 0 by construction, as in the last row.
"""
COLUMNS = {"features": "features", "mean_distance": "mean", "max_distance": "max"}
COMPARED_SETTINGS = {"keep": "share of the maximum that examples reach", "max_examples": "maximum examples of a unit"}


@dataclass(frozen=True)
class Measured:
    """Measures of one layer of one atlas."""

    atlas: str
    kind: str
    layer: int
    units: Units


def evaluate_dictionaries(atlas: Atlas, against: Sequence[Atlas], on_progress: OnProgress = silent) -> Report:
    """Return a row for each layer of `atlas` and of the others. Raises AtlasError if nothing is comparable."""
    if not against:
        raise AtlasError("dictionaries: nothing to compare with; name an atlas of what the latents read with --against")
    cut, space = atlas.manifest.default_cut, atlas.manifest.embedding
    atlases = [(atlas, atlas.layers), *((other, compared_layers(atlas, other)) for other in against)]
    layers = [(each, layer) for each, its_layers in atlases for layer in its_layers]
    rows = [measure(*layer, cut, space) for layer in counted(layers, on_progress)]
    table = aligned([head(), *map(row, rows), single_inputs()])
    all_figures = [figure for each in rows for figure in figures(each)]
    notes = [HEAD.format(cut=cut, embedding=EMBEDDINGS[space]), *differences(atlas, against)]
    return Report("\n".join([*notes, table]), tuple(all_figures))


def compared_layers(atlas: Atlas, other: Atlas) -> tuple[int, ...]:
    """Layers of the other atlas to compare with: the same numbers, or its only layer."""
    if len(other.layers) == 1:
        return other.layers
    missing = sorted(set(atlas.layers) - set(other.layers))
    if missing:
        available = ", ".join(map(str, other.layers))
        raise AtlasError(f"{other.root} has no layer {missing[0]} to compare with: it has {available}")
    return atlas.layers


def measure(atlas: Atlas, layer: int, cut: float, space: str) -> Measured:
    if not atlas.manifest.inputs:
        raise AtlasError(f"{atlas.root} holds no inputs of its examples: build it again with --inputs yes")
    return Measured(atlas.root.name, atlas.manifest.units, layer, layer_units(atlas, layer, EXAMPLES, cut, space))


def differences(atlas: Atlas, against: Sequence[Atlas]) -> list[str]:
    """Notes on other differences between the atlases, a line each."""
    lines, ours = [], atlas.manifest
    for other in against:
        theirs = other.manifest
        for field, meaning in COMPARED_SETTINGS.items():
            our_value, their_value = getattr(ours, field), getattr(theirs, field)
            if our_value != their_value:
                lines.append(f"Note: {meaning}: {our_value} in {atlas.root.name}, {their_value} in {other.root.name}.")
        if ours.corpus.sha256 != theirs.corpus.sha256:
            lines.append(f"Note: {atlas.root.name} and {other.root.name} were built from different texts.")
    return [*lines, ""] if lines else []


def head() -> list[str]:
    spread = [column for name in COLUMNS.values() for column in (name, "95 %")]
    return ["", "", "units", f"with {EXAMPLES}", *spread, "inputs"]


def row(measured: Measured) -> list[str]:
    units, cells = measured.units, []
    for column in COLUMNS:
        values = getattr(units, column)
        low, high = interval(values)
        cells += [f"{mean(values):.3f}", f"{low:.3f}–{high:.3f}"]
    counts = [f"{units.n_all:,}", f"{len(units):,}"]
    return [f"{measured.atlas}, layer {measured.layer}", measured.kind, *counts, *cells, f"{median(units.inputs):.1f}"]


def single_inputs() -> list[str]:
    """Row of the dictionary of single inputs, by construction: all examples of such a unit have the same direction."""
    return ["single inputs", "by construction", "", "", "1.000", "", "0.000", "", "0.000", "", "1.0"]


def figures(measured: Measured) -> list[Figure]:
    units, suffix = measured.units, f"layer{measured.layer}_{measured.atlas}"
    values_by_name = {"units_with_examples": (float(len(units)), "units")}
    for name in COLUMNS:
        values, unit = getattr(units, name), "features" if name == "features" else "distance"
        low, high = interval(values)
        values_by_name |= {name: (mean(values), unit), f"{name}_low": (low, unit), f"{name}_high": (high, unit)}
    values_by_name["effective_inputs"] = (median(units.inputs), "inputs")
    return [Figure(f"dictionaries_{name}_{suffix}", *each) for name, each in values_by_name.items()]


def of_finite(statistic: Callable[[np.ndarray], np.floating], values: Float[np.ndarray, " n"]) -> float:
    finite = values[np.isfinite(values)]  # embeddings of zeros have no effective number of inputs
    return float(statistic(finite)) if len(finite) else float("nan")


def mean(values: Float[np.ndarray, " n"]) -> float:
    return of_finite(np.mean, values)


def median(values: Float[np.ndarray, " n"]) -> float:
    return of_finite(np.median, values)
