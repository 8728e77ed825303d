"""Report meaning surgery as tables by cut, by control and by layer, and as figures."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from ne_core.method.embeddings import REFERENCE
from precompute.evaluate.bootstrap import interval, mean, mean_with_interval
from precompute.evaluate.surgery.directions import FITS, KINDS, METHODS
from precompute.evaluate.surgery.measure import Measured
from precompute.evaluate.surgery.neurons import CUTS, MAIN, SPACES
from precompute.evaluate.surgery.picture import picture
from precompute.report import Figure, Report, aligned

LITERAL, BEYOND = (KINDS.index((method, FITS[0])) for method in METHODS)
HEAD = """\
Meaning surgery: a direction fitted on half of a feature's examples is removed from x in the other half. “own” and
“siblings”: the share of the activation that the feature's held-out examples lose, and those of the neuron's other
features; “own − siblings” measures how well a cut separates a meaning that can be removed by itself; “over neuron” is
its gain over the paper's x ⊙ w, on the neurons that have the cut in both spaces. All neurons have equal weight (the
mean over a neuron's features); 95 % intervals over neurons (bootstrap). “tested”: features large enough, per neuron;
“covered”: the share of its examples in them.

“literal”: the direction is the feature's mean x minus its siblings'. All examples of a neuron have a similar
pre-activation, so the neuron hardly reads this difference of means (“read”: |w·u| / |w|) and loses nothing without it.
The other columns remove the part of the feature's mean that is orthogonal to its siblings' mean, both minus the layer's
mean. “loss”: increase in nats of the loss on the token after the key token, when all neurons of the layer read the
changed x.
"""
TITLES = {
    "testable": "The cut with exactly {k} features large enough to test, the one that covers most examples",
    "features": "The cut with {k} features, of which those large enough are tested",
}


def surgery_report(atlas: str, embedding: str, measured: Measured) -> Report:
    """Report all tables. `embedding`: space of the atlas's trees, whose controls are shown beside the paper's."""
    control_spaces = list(dict.fromkeys((REFERENCE, embedding)))
    tables = [
        *(by_space(measured, cut) for cut in range(len(CUTS))),
        controls(measured, control_spaces),
        by_layer(measured),
    ]
    figures = tuple(Figure(f"surgery_{name}_{atlas}", *each) for name, each in named_figures(measured))
    return Report("\n\n".join([HEAD.rstrip(), *tables]), figures, {"surgery": picture(measured)})


def finite(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " some"]:
    return values[np.isfinite(values)]


def selectivity(measured: Measured, space: int, cut: int, kind: int = BEYOND) -> Float[np.ndarray, " neurons"]:
    """Share lost by the feature minus share lost by its siblings; NaN for a neuron without such a cut."""
    return measured.feature[:, space, cut, kind] - measured.siblings[:, space, cut, kind]


def over_reference(measured: Measured, space: int, cut: int) -> Float[np.ndarray, " both"]:
    """Gain in selectivity over the reference, on the neurons that have the cut in both spaces."""
    return finite(selectivity(measured, space, cut) - selectivity(measured, SPACES.index(REFERENCE), cut))


def by_space(measured: Measured, cut: int) -> str:
    rule, k = CUTS[cut]
    head = ["", "neurons", "tested", "covered", "own", "siblings", "own − siblings", "over neuron", "literal own",
            "literal siblings"]  # fmt: skip
    head += ["loss own", "loss siblings"] if cut == MAIN else []
    rows = [space_row(measured, space, cut) for space in range(len(SPACES))]
    return TITLES[rule].format(k=k) + ":\n" + aligned([head, *rows])


def space_row(measured: Measured, space: int, cut: int) -> list[str]:
    feature, siblings = (column[:, space, cut] for column in (measured.feature, measured.siblings))
    n = int(np.isfinite(feature[:, BEYOND]).sum())
    sizes = (mean(finite(column[:, space, cut])) for column in (measured.tested, measured.covered))
    lost = (mean(finite(column[:, BEYOND])) for column in (feature, siblings))
    better = "" if SPACES[space] == REFERENCE else mean_with_interval(over_reference(measured, space, cut), signed=True)
    literal = (f"{mean(finite(column[:, LITERAL])):.4f}" for column in (feature, siblings))
    losses = [measured.feature_loss, measured.siblings_loss] if cut == MAIN else []
    return [
        SPACES[space],
        f"{n:,}",
        *(f"{size:.2f}" for size in sizes),
        *(f"{share:.3f}" for share in lost),
        mean_with_interval(finite(selectivity(measured, space, cut))),
        better,
        *literal,
        *(mean_with_interval(finite(column[:, space, BEYOND]), signed=True) for column in losses),
    ]


def controls(measured: Measured, control_spaces: list[str]) -> str:
    head = ["", "read", "own", "siblings", "loss own", "loss siblings"]
    rows = [control_row(measured, space, kind) for space in control_spaces for kind in range(len(KINDS))]
    rule, k = CUTS[MAIN]
    return (
        f"Controls, at {k} {rule} features. “shuffled”: features shuffled among the fitted examples; “random”: a "
        "random direction; losses were not run for all:\n" + aligned([head, *rows])
    )


def control_row(measured: Measured, space: str, kind: int) -> list[str]:
    number, (method, fit) = SPACES.index(space), KINDS[kind]
    shares = (column[:, number, MAIN, kind] for column in (measured.read, measured.feature, measured.siblings))
    losses = (column[:, number, kind] for column in (measured.feature_loss, measured.siblings_loss))
    return [
        f"{space}, {method}, {fit}",
        *(mean_with_interval(finite(share)) for share in shares),
        *(loss_text(finite(loss)) for loss in losses),
    ]


def loss_text(loss: Float[np.ndarray, " n"]) -> str:
    return mean_with_interval(loss, signed=True) if len(loss) else "not run"


def by_layer(measured: Measured) -> str:
    layers = np.unique(measured.layer).tolist()
    rows = [
        [
            space,
            *(
                mean_with_interval(finite(selectivity(measured, number, MAIN)[measured.layer == layer]))
                for layer in layers
            ),
        ]
        for number, space in enumerate(SPACES)
    ]
    rule, k = CUTS[MAIN]
    return f"own − siblings by layer, at {k} {rule} features:\n" + aligned([["", *map(str, layers)], *rows])


def named_figures(measured: Measured) -> Iterator[tuple[str, tuple[float, str]]]:
    for number, space in enumerate(SPACES):
        for cut, (rule, k) in enumerate(CUTS):
            suffix = f"{rule}{k}_{space}"
            yield from of_cut(measured, number, cut, suffix)
            yield from with_interval(f"own_less_siblings_{suffix}", finite(selectivity(measured, number, cut)), "share")
            if space != REFERENCE:
                yield from with_interval(f"over_neuron_{suffix}", over_reference(measured, number, cut), "share")
        for kind, (method, fit) in enumerate(KINDS):
            yield from of_kind(measured, number, kind, f"{method}_{fit}_{space}")
        for layer in np.unique(measured.layer).tolist():
            in_layer = finite(selectivity(measured, number, MAIN)[measured.layer == layer])
            yield from with_interval(f"own_less_siblings_layer{layer}_{space}", in_layer, "share")


def of_cut(measured: Measured, space: int, cut: int, suffix: str) -> Iterator[tuple[str, tuple[float, str]]]:
    yield f"neurons_{suffix}", (float(np.isfinite(measured.feature[:, space, cut, BEYOND]).sum()), "neurons")
    yield f"tested_{suffix}", (mean(finite(measured.tested[:, space, cut])), "features")
    yield f"covered_{suffix}", (mean(finite(measured.covered[:, space, cut])), "share")
    for name, column in (("own", measured.feature), ("siblings", measured.siblings)):
        for method, kind in zip(METHODS, (LITERAL, BEYOND), strict=True):
            yield f"{name}_{method}_{suffix}", (mean(finite(column[:, space, cut, kind])), "share")


def of_kind(measured: Measured, space: int, kind: int, suffix: str) -> Iterator[tuple[str, tuple[float, str]]]:
    """Figures of a kind of direction, in the main comparison."""
    for name, column in (("read", measured.read), ("own", measured.feature), ("siblings", measured.siblings)):
        yield from with_interval(f"{name}_{suffix}", finite(column[:, space, MAIN, kind]), "share")
    for name, column in (("own_loss", measured.feature_loss), ("siblings_loss", measured.siblings_loss)):
        losses = finite(column[:, space, kind])
        if len(losses):
            yield from with_interval(f"{name}_{suffix}", losses, "nats")


def with_interval(name: str, values: Float[np.ndarray, " n"], unit: str) -> Iterator[tuple[str, tuple[float, str]]]:
    yield name, (mean(values), unit)
    yield from ((f"{name}_{end}", (value, unit)) for end, value in zip(("low", "high"), interval(values), strict=True))
