"""Parts `planted` and `counts` of the evaluation: spaces, and rules for the cut, by how well they recover sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ne_core.atlas import Atlas
from ne_core.method.embeddings import DEFAULT, EMBEDDINGS, REFERENCE, Embedder
from ne_core.method.token_part import CUT, TokenPart
from ne_core.queries.token_parts import layer_token_part
from precompute.evaluate.bootstrap import mean_with_interval
from precompute.evaluate.planted import counts, report
from precompute.evaluate.planted.cuts import RULES, SUGGESTED
from precompute.evaluate.planted.outcomes import Outcome, outcomes
from precompute.evaluate.planted.raw import raw_pools
from precompute.evaluate.planted.sources import COUNTS, Pool, pool_of
from precompute.evaluate.planted.token_pools import token_pools
from precompute.evaluate.planted.weights import WEIGHTINGS
from precompute.report import Report, aligned
from precompute.run.progress import OnProgress, counted, silent

PLANTINGS, FEW = 60, 8  # of each kind in a layer
KINDS = {
    "neurons": "2 to 5 real neurons, up to 20 examples of each",
    "tokens": "2 to 5 key tokens, up to 20 inputs at each",
    "contexts": "one key token after two different tokens",
}
HEAD = """\
Planted neurons: inputs of several sources are pooled, the weight is the sum of the sources' weights at length 1, and
average linkage in each space is compared with the truth. AUC: how often a pair of one source is nearer than a pair of
two. Rand: the adjusted Rand index at the tree's best cut; at the cut that was best on other neurons or tokens of the
layer; at the suggested cut; and at the usual cut, the default of an atlas in that space. In brackets 95 % of the means
of resampled plantings. neuron_raw is neuron with the norm before the MLP not folded into the weights; it needs the
model.
"""
COUNTS_HEAD = """\
Planted counts: how many features a suggested cut makes of 1 to 5 key tokens, and of one key token in 2 contexts.
“error” is the mean of |features − sources|, “too many” that of features − sources. “calibrated”: one cut for all, the
best on the other half of the plantings. “clear cut” is the rule of the atlas; here a planting without one counts as
one feature.
"""
RAW = "neuron_raw"  # the reference where the norm is not folded into the weights
WEIGHTED = ("neuron", "neuron_centred", "neuron_whitened", "conditional", DEFAULT)  # spaces that use the weights
QUICK_RULES = {SUGGESTED: RULES[SUGGESTED]}


def evaluate_planted(
    atlas: Atlas, quick: bool = False, model: str | None = None, on_progress: OnProgress = silent
) -> Report:
    """Return the part `planted`; `neuron_raw` needs the model. Raises AtlasError if the atlas has no inputs."""
    n, parts, figures = FEW if quick else PLANTINGS, [HEAD], []
    forms = forms_of(atlas, model)
    jobs = counted([(name, layer) for name in (*KINDS, *WEIGHTINGS) for layer in forms], on_progress)
    measured = {
        (name, layer): planted(forms[layer], name, n) if name in KINDS else weighted(forms[layer], n, name)
        for name, layer in jobs
    }
    for kind, description in KINDS.items():
        layers = layers_with_plantings({layer: measured[kind, layer] for layer in forms})
        if not layers:
            parts.append(f"{kind} ({description}): no layer has enough of them\n")
            continue
        spaces = list(next(iter(layers.values())))
        n_all = sum(len(report.with_several_sources(by_space[REFERENCE])) for by_space in layers.values())
        parts.append(f"{kind} ({description}), {n_all} plantings\n\n{report.table(layers, spaces)}\n")
        parts.append(f"{kind}, by layer\n\n{report.layer_tables(layers, spaces)}\n")
        figures += report.planted_figures(atlas.root.name, kind, layers, spaces)
    parts.append(
        weights_table(
            {name: layers_with_plantings({layer: measured[name, layer] for layer in forms}) for name in WEIGHTINGS}
        )
    )
    return Report("\n".join(parts), tuple(figures))


@dataclass(frozen=True)
class Form:
    """Inputs of one layer from the atlas, and with the model's raw weights where the model is available."""

    pool: Pool
    embedder: Embedder
    raw: Pool | None
    token_part: TokenPart


def forms_of(atlas: Atlas, model: str | None) -> dict[int, Form]:
    pools = {layer: pool_of(atlas, layer) for layer in atlas.layers}
    raw, embedders = raw_pools(atlas, pools, model) or {}, {layer: atlas.embedder(layer) for layer in pools}
    parts = {layer: layer_token_part(atlas, layer, embedders[layer]) for layer in pools}
    return {layer: Form(pool, embedders[layer], raw.get(layer), parts[layer]) for layer, pool in pools.items()}


def planted(form: Form, kind: str, n: int) -> dict[str, list[Outcome]]:
    """Outcomes in every space, with a share of the tokens' parts, and in the reference space with raw weights."""
    by_space = outcomes(form.pool, form.embedder, kind, n, list(EMBEDDINGS), QUICK_RULES)
    for name, pool in token_pools(form.pool, form.token_part, form.embedder):
        by_space[name] = outcomes(pool, form.embedder, kind, n, ["pre_mlp"], QUICK_RULES, usual=CUT)["pre_mlp"]
    if form.raw is not None:
        by_space[RAW] = outcomes(form.raw, form.embedder, kind, n, [REFERENCE], QUICK_RULES)[REFERENCE]
    return by_space


def layers_with_plantings(
    layers: Mapping[int, Mapping[str, Sequence[Outcome]]],
) -> dict[int, Mapping[str, Sequence[Outcome]]]:
    """Layers that have any planting of several sources."""
    return {
        layer: by_space
        for layer, by_space in layers.items()
        if report.with_several_sources(next(iter(by_space.values())))
    }


def weights_table(weightings: Mapping[str, Mapping[int, Mapping[str, Sequence[Outcome]]]]) -> str:
    """Table of other choices of the pooled neuron's weight."""
    rows = [
        [name, *(mean_with_interval(report.over_layers(layers, space, report.at_calibrated_cut)) for space in WEIGHTED)]
        for name, layers in weightings.items()
        if layers
    ]
    title = (
        "neurons, Rand at the calibrated cut, by weight (unit: the sum of weights at length 1; raw: their "
        "sum; one: the first source's; normal: random numbers)"
    )
    return f"{title}\n\n{aligned([['', *WEIGHTED], *rows])}\n"


def weighted(form: Form, n: int, weighting: str) -> dict[str, list[Outcome]]:
    return outcomes(form.pool, form.embedder, "neurons", n, WEIGHTED, QUICK_RULES, weighting)


def evaluate_counts(atlas: Atlas, quick: bool = False, on_progress: OnProgress = silent) -> Report:
    """Return the part `counts`, in the paper's, the default and the atlas's space. Raises AtlasError without inputs."""
    spaces = list(dict.fromkeys((REFERENCE, DEFAULT, atlas.manifest.embedding)))
    n, parts, figures = FEW if quick else PLANTINGS, [COUNTS_HEAD], []
    kinds = [kind for kind in COUNTS if kind != "neurons"]
    jobs = counted([(kind, layer) for kind in kinds for layer in atlas.layers], on_progress)
    all_outcomes = {(kind, layer): layer_outcomes(atlas, layer, kind, n, spaces) for kind, layer in jobs}
    by_kind = {kind: [all_outcomes[kind, layer] for layer in atlas.layers] for kind in kinds}
    for space in spaces:
        of_kind = {kind: [part[space] for part in layers if part[space]] for kind, layers in by_kind.items()}
        of_kind["both"] = [part for layers in of_kind.values() for part in layers]
        for kind, of_layers in of_kind.items():
            if not of_layers:
                continue
            parts.append(f"{space}, {kind}: {sum(map(len, of_layers))} plantings\n\n{counts.table(of_layers)}\n")
            figures += counts.count_figures(atlas.root.name, space, kind, of_layers)
        if of_kind["tokens"]:
            parts.append(f"{space}, tokens, {SUGGESTED}\n\n{counts.by_count(of_kind['tokens'], SUGGESTED)}\n")
    return Report("\n".join(parts), tuple(figures))


def layer_outcomes(atlas: Atlas, layer: int, kind: str, n: int, spaces: Sequence[str]) -> dict[str, list[Outcome]]:
    """Plantings of a layer by space, with the cut of every rule."""
    return outcomes(pool_of(atlas, layer), atlas.embedder(layer), kind, n, spaces)
