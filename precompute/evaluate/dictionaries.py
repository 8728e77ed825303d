"""Are the latents of an autoencoder less polysemantic than what they read? At equal numbers of examples, side by side.

Every table has the dictionary of single inputs, whose distances are 0 by construction: short distances alone prove
nothing, and each unit's effective number of inputs stands beside them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.method.embeddings import EMBEDDINGS
from precompute.evaluate.names_report import interval
from precompute.evaluate.rarefied import SETS, Units, layer_units
from precompute.report import Figure, Report, aligned
from precompute.run.progress import OnProgress, counted, silent

EXAMPLES = 20  # of each unit in a set
HEAD = f"""\
Polysemanticity at equal numbers of examples: of every unit with at least {EXAMPLES} activating examples, the mean over
{SETS} random sets of {EXAMPLES}; 95 % intervals over units (bootstrap). Features at cosine distance {{cut:g}}, the cut
of the first atlas, everywhere. “mean” and “max” are distances between embeddings {{made}}, the first atlas's, too.
Units that read different things (an MLP the stream, an autoencoder an MLP) have embeddings in different spaces: their
distances, and so their features at a cut, are not on one scale. “inputs”: the median effective number of inputs,
1 / Σ p², p an input's share of the squares of a unit's x ⊙ w. Of a unit that reads one input all embeddings x ⊙ w are
at distance 0 by construction, as in the last row.
"""
COLUMNS = {"features": "features", "mean_distance": "mean", "max_distance": "max"}
SAME = {"keep": "share of the maximum kept", "max_examples": "most examples of a unit"}


@dataclass(frozen=True)
class Measured:
    """One layer of one atlas."""

    atlas: str
    kind: str
    layer: int
    units: Units


def evaluate_dictionaries(atlas: Atlas, against: Sequence[Atlas], on_progress: OnProgress = silent) -> Report:
    """A row for each layer of `atlas`, then for those of the others. Raises AtlasError where nothing compares."""
    if not against:
        raise AtlasError("dictionaries: nothing to compare with; name an atlas of what the latents read with --against")
    cut, space = atlas.manifest.default_cut, atlas.manifest.embedding
    atlases = [(atlas, atlas.layers), *((other, compared_layers(atlas, other)) for other in against)]
    layers = [(each, layer) for each, of_it in atlases for layer in of_it]
    found = [measured(*layer, cut, space) for layer in counted(layers, on_progress)]
    table = aligned([head(), *map(row, found), single_inputs()])
    told = [figure for each in found for figure in figures(each)]
    about = [HEAD.format(cut=cut, made=EMBEDDINGS[space]), *differences(atlas, against)]
    return Report("\n".join([*about, table]), tuple(told))


def compared_layers(atlas: Atlas, other: Atlas) -> tuple[int, ...]:
    """The same layers, or the only one that there is."""
    if len(other.layers) == 1:
        return other.layers
    missing = sorted(set(atlas.layers) - set(other.layers))
    if missing:
        there = ", ".join(map(str, other.layers))
        raise AtlasError(f"{other.root} has no layer {missing[0]} to compare with: it has {there}")
    return atlas.layers


def measured(atlas: Atlas, layer: int, cut: float, space: str) -> Measured:
    if not atlas.manifest.inputs:
        raise AtlasError(f"{atlas.root} holds no inputs of its examples: build it again with --inputs yes")
    return Measured(atlas.root.name, atlas.manifest.units, layer, layer_units(atlas, layer, EXAMPLES, cut, space))


def differences(atlas: Atlas, against: Sequence[Atlas]) -> list[str]:
    """What else differs between the atlases, a line each."""
    lines, ours = [], atlas.manifest
    for other in against:
        theirs = other.manifest
        for field, meaning in SAME.items():
            here, there = getattr(ours, field), getattr(theirs, field)
            if here != there:
                lines.append(f"Note: {meaning}: {here} in {atlas.root.name}, {there} in {other.root.name}.")
        if ours.corpus.sha256 != theirs.corpus.sha256:
            lines.append(f"Note: {atlas.root.name} and {other.root.name} were built from different texts.")
    return [*lines, ""] if lines else []


def head() -> list[str]:
    spread = [column for name in COLUMNS.values() for column in (name, "95 %")]
    return ["", "", "units", f"with {EXAMPLES}", *spread, "inputs"]


def row(found: Measured) -> list[str]:
    units, shown = found.units, []
    for column in COLUMNS:
        values = getattr(units, column)
        low, high = interval(values)
        shown += [f"{mean(values):.3f}", f"{low:.3f}–{high:.3f}"]
    counts = [f"{units.n_all:,}", f"{len(units):,}"]
    return [f"{found.atlas}, layer {found.layer}", found.kind, *counts, *shown, f"{median(units.inputs):.1f}"]


def single_inputs() -> list[str]:
    """By construction: every example of such a unit has the same direction."""
    return ["single inputs", "by construction", "", "", "1.000", "", "0.000", "", "0.000", "", "1.0"]


def figures(found: Measured) -> list[Figure]:
    units, where = found.units, f"layer{found.layer}_{found.atlas}"
    told = {"units_with_examples": (float(len(units)), "units")}
    for name in COLUMNS:
        values, unit = getattr(units, name), "features" if name == "features" else "distance"
        low, high = interval(values)
        told |= {name: (mean(values), unit), f"{name}_low": (low, unit), f"{name}_high": (high, unit)}
    told["effective_inputs"] = (median(units.inputs), "inputs")
    return [Figure(f"dictionaries_{name}_{where}", *each) for name, each in told.items()]


def of_some(middle: Callable[[np.ndarray], np.floating], values: Float[np.ndarray, " n"]) -> float:
    known = values[np.isfinite(values)]  # nobody knows how many inputs embeddings of zeros live on
    return float(middle(known)) if len(known) else float("nan")


def mean(values: Float[np.ndarray, " n"]) -> float:
    return of_some(np.mean, values)


def median(values: Float[np.ndarray, " n"]) -> float:
    return of_some(np.median, values)
