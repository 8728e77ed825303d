"""Part `cut` of the evaluation: stability of suggested cuts on the atlas's neurons, recovery of planted sources."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.method.embeddings import EMBEDDINGS
from precompute.evaluate.bootstrap import mean_and_ends, mean_with_interval
from precompute.evaluate.cut.stability import DRAWS, LEAST, NAMES, Rule, Stability, layer_stability
from precompute.evaluate.planted.cuts import RULES, SUGGESTED
from precompute.evaluate.planted.outcomes import GRID, Outcome, outcomes
from precompute.evaluate.planted.sources import PLANTINGS, pool_of
from precompute.report import Figure, Report, aligned
from precompute.run.progress import OnProgress, counted, silent

NEURONS, PLANTED, FEW = 400, 60, 8  # of a layer: neurons, and plantings of each kind
OTHERS = ("gap below background", "0.8 of background", "0.94 of background")
DEFAULT = "the atlas’s cut"
HEAD = f"""\
The suggested cut, in the space {{space}}. Stability: neurons with {LEAST} examples or more, a tenth of them left out,
{DRAWS} times. “suggested”: neurons that get a cut, all others of neurons that do; “one”: those with a single feature;
“Rand”: the adjusted Rand index of the two partitions on the common examples, in the median, and in the median of
neurons with two features or more; “twofold”: how often the number of features halves or doubles, and neurons of which
it does so in any of the {DRAWS}; “lost”: how often there is no suggestion any more. Calibration: on planted sources,
“within one”: plantings whose number of features is that of sources or one beside it; “Rand” with the sources, for two
or more. “best fixed”: the cut with the highest mean Rand over all kinds, chosen on these plantings. 95 % intervals.
"""


def evaluate_cut(atlas: Atlas, quick: bool = False, on_progress: OnProgress = silent) -> Report:
    """Return both tables and their figures. Raises AtlasError for an atlas without inputs."""
    rules: dict[str, Rule] = {SUGGESTED: RULES[SUGGESTED], DEFAULT: lambda _: atlas.manifest.default_cut}
    rules |= {name: RULES[name] for name in OTHERS}
    neurons, n = (FEW, FEW) if quick else (NEURONS, PLANTED)
    jobs = counted([(part, layer) for part in ("stability", *PLANTINGS) for layer in atlas.layers], on_progress)
    measured = {
        (part, layer): layer_stability(atlas, layer, rules, neurons)
        if part == "stability"
        else planted_outcomes(atlas, layer, part, n, rules)
        for part, layer in jobs
    }
    stable = {name: of_layers([measured["stability", layer][name] for layer in atlas.layers]) for name in rules}
    planted = {kind: [each for layer in atlas.layers for each in measured[kind, layer]] for kind in PLANTINGS}
    head = HEAD.format(space=EMBEDDINGS[atlas.manifest.embedding])
    tables = "\n\n".join([stability_table(stable), calibration_table(planted, tuple(rules))])
    figures = [*stability_figures(stable[SUGGESTED]), *calibration_figures(planted)]
    named = (Figure(f"cut_{each.name}_{atlas.root.name}", each.value, each.unit) for each in figures)
    return Report(f"{head}\n{tables}", tuple(named))


def planted_outcomes(atlas: Atlas, layer: int, kind: str, n: int, rules: Mapping[str, Rule]) -> list[Outcome]:
    space = atlas.manifest.embedding
    return outcomes(pool_of(atlas, layer), atlas.embedder(layer), kind, n, [space], rules)[space]


def of_layers(parts: Sequence[np.ndarray]) -> Stability:
    return Stability(*np.concatenate(parts).T)


def known(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    return values[np.isfinite(values)]


def median(values: Float[np.ndarray, " n"]) -> str:
    return f"{np.median(values):.3f}" if len(values) else "–"


def stability_table(stable: Mapping[str, Stability]) -> str:
    head = ["stability", "suggested", "one", "Rand", "of two or more", "twofold", "in any", "lost"]
    return aligned([head, *([name, *stability_cells(each)] for name, each in stable.items())])


def stability_cells(each: Stability) -> list[str]:
    one, several = known(each.count) == 1, each.rand[each.count > 1]
    shares = (each.twofold, each.ever, each.lost)
    return [
        mean_with_interval(each.answered, 2),
        mean_with_interval(one.astype(float), 2),
        median(known(each.rand)),
        median(known(several)),
        *(mean_with_interval(known(values)) for values in shares),
    ]


def stability_figures(each: Stability) -> list[Figure]:
    rates = [(name, known(getattr(each, name))) for name in NAMES if name not in ("count", "rand")]
    figures = [Figure(f"{name}{end}", value, "share") for name, v in rates for end, value in mean_and_ends(v).items()]
    rand = known(each.rand)
    return [*figures, Figure("rand_median", float(np.median(rand)) if len(rand) else float("nan"), "rand")]


def calibration_table(planted: Mapping[str, Sequence[Outcome]], rules: Sequence[str]) -> str:
    """Table with a row for each rule, and the best fixed cut."""
    head = ["calibration", *(f"{kind}: {word}" for kind in planted for word in ("suggested", "within one", "Rand"))]
    rows = [[rule, *(cell for of in planted.values() for cell in calibration_cells(of, rule))] for rule in rules]
    best = best_fixed(planted)
    fixed = [cell for of in planted.values() for cell in cells_at(of, [best] * len(of))]
    return aligned([[*head, "mean Rand"], *(add_mean(row) for row in [*rows, [f"best fixed, {best:g}", *fixed]])])


def add_mean(row: list[str]) -> list[str]:
    """Add the mean of the Rand indices of all kinds."""
    values = [float(cell.split()[0]) for cell in row[3::3]]
    return [*row, f"{np.mean(values):.3f}"]


def calibration_cells(of: Sequence[Outcome], rule: str) -> list[str]:
    return cells_at(of, [each.cuts[rule] for each in of])


def cells_at(of: Sequence[Outcome], cuts: Sequence[float]) -> list[str]:
    answered, within, rand = judged(of, cuts)
    return [mean_with_interval(answered, 2), mean_with_interval(within, 2), mean_with_interval(rand, 3)]


def judged(of: Sequence[Outcome], cuts: Sequence[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Masks of the plantings that got a cut, and of those within one of the count; Rand index of several sources."""
    pairs = [(each, cut) for each, cut in zip(of, cuts, strict=True) if not np.isnan(cut)]
    within = [abs(each.count_at_cut(cut) - each.n_sources) <= 1 for each, cut in pairs]
    rand = [each.rand_at_cut(cut) for each, cut in pairs if each.n_sources > 1]
    return (~np.isnan(cuts)).astype(float), np.array(within, dtype=float), np.array(rand, dtype=float)


def best_fixed(planted: Mapping[str, Sequence[Outcome]]) -> float:
    """The cut of GRID with the highest mean Rand over kinds; 1 without plantings of several sources."""
    kinds = [[each.rand_at_cut(GRID) for each in of if each.n_sources > 1] for of in planted.values()]
    means = [np.mean(of, axis=0) for of in kinds if of]
    return float(GRID[np.mean(means, axis=0).argmax()]) if means else 1.0


def calibration_figures(planted: Mapping[str, Sequence[Outcome]]) -> list[Figure]:
    figures = []
    for kind, of in planted.items():
        values = dict(
            zip(("suggested", "within_one", "rand"), judged(of, [each.cuts[SUGGESTED] for each in of]), strict=True)
        )
        figures += [
            Figure(f"{kind}_{name}{end}", value, "rand" if name == "rand" else "share")
            for name, each in values.items()
            for end, value in mean_and_ends(each).items()
        ]
    return figures
