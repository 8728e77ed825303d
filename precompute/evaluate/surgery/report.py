"""Meaning surgery as tables by cut, by control and by layer, and as figures."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from ne_core.method.embeddings import REFERENCE
from precompute.evaluate.resampled import interval, mean, told
from precompute.evaluate.surgery.directions import FITS, KINDS, WAYS
from precompute.evaluate.surgery.measured import Measured
from precompute.evaluate.surgery.neurons import CUTS, MAIN, SPACES
from precompute.evaluate.surgery.picture import picture
from precompute.report import Figure, Report, aligned

LITERAL, BEYOND = (KINDS.index((way, FITS[0])) for way in WAYS)
HEAD = """\
Meaning surgery: a direction fitted on half of a feature's examples is taken out of x in the other half. “own” and
“siblings”: the share of the activation that the feature's held-out examples lose, and those of the neuron's other
features; “own − siblings” tells how well a cut has found something that can be taken away by itself; “over neuron” is
what a space has more of it than the paper's x ⊙ w, on the neurons that have the cut in both. Every neuron counts alike
(the mean over its features); 95 % intervals over neurons (bootstrap). “tested”: features large enough, a neuron;
“covered”: the share of its examples in them.

“literal”: the direction is the feature's mean x less its siblings'. All examples of a neuron were chosen for much the
same pre-activation, so that the neuron hardly reads this difference of means (“read”: |w·u| / |w|) and loses nothing
with it. The other columns take out what the feature's mean has that does not lie along its siblings' mean, both less
the layer's mean. “loss”: nats more on the next token after the key token, where all neurons of the layer read the
changed x.
"""
TITLES = {
    "testable": "The cut with exactly {k} features large enough to test, the one that covers most examples",
    "features": "The cut with {k} features, as many of them tested as are large enough",
}


def surgery_report(atlas: str, embedding: str, found: Measured) -> Report:
    """`embedding` is the space of the atlas's own trees, whose controls are shown beside those of the paper's."""
    shown = list(dict.fromkeys((REFERENCE, embedding)))
    tables = [*(by_space(found, cut) for cut in range(len(CUTS))), controls(found, shown), by_layer(found)]
    figures = tuple(Figure(f"surgery_{name}_{atlas}", *each) for name, each in figured(found))
    return Report("\n\n".join([HEAD.rstrip(), *tables]), figures, {"surgery": picture(found)})


def there(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " some"]:
    return values[np.isfinite(values)]


def selectivity(found: Measured, space: int, cut: int, kind: int = BEYOND) -> Float[np.ndarray, " neurons"]:
    """Own less siblings, NaN where a neuron has no such cut."""
    return found.own[:, space, cut, kind] - found.siblings[:, space, cut, kind]


def over_reference(found: Measured, space: int, cut: int) -> Float[np.ndarray, " both"]:
    """On the neurons that have the cut in both spaces."""
    return there(selectivity(found, space, cut) - selectivity(found, SPACES.index(REFERENCE), cut))


def by_space(found: Measured, cut: int) -> str:
    rule, k = CUTS[cut]
    head = ["", "neurons", "tested", "covered", "own", "siblings", "own − siblings", "over neuron", "literal own",
            "literal siblings"]  # fmt: skip
    head += ["loss own", "loss siblings"] if cut == MAIN else []
    rows = [space_row(found, space, cut) for space in range(len(SPACES))]
    return TITLES[rule].format(k=k) + ":\n" + aligned([head, *rows])


def space_row(found: Measured, space: int, cut: int) -> list[str]:
    own, siblings = (column[:, space, cut] for column in (found.own, found.siblings))
    n = int(np.isfinite(own[:, BEYOND]).sum())
    sizes = (mean(there(column[:, space, cut])) for column in (found.tested, found.covered))
    lost = (mean(there(column[:, BEYOND])) for column in (own, siblings))
    better = "" if SPACES[space] == REFERENCE else told(over_reference(found, space, cut), signed=True)
    literal = (f"{mean(there(column[:, LITERAL])):.4f}" for column in (own, siblings))
    losses = [found.own_loss, found.siblings_loss] if cut == MAIN else []
    return [
        SPACES[space],
        f"{n:,}",
        *(f"{size:.2f}" for size in sizes),
        *(f"{share:.3f}" for share in lost),
        told(there(selectivity(found, space, cut))),
        better,
        *literal,
        *(told(there(column[:, space, BEYOND]), signed=True) for column in losses),
    ]


def controls(found: Measured, shown: list[str]) -> str:
    head = ["", "read", "own", "siblings", "loss own", "loss siblings"]
    rows = [control_row(found, space, kind) for space in shown for kind in range(len(KINDS))]
    rule, k = CUTS[MAIN]
    return (
        f"Controls, at {k} {rule} features. “shuffled”: features dealt out anew among the examples that are fitted to; "
        "“random”: any direction; losses were not run for all:\n" + aligned([head, *rows])
    )


def control_row(found: Measured, space: str, kind: int) -> list[str]:
    number, (way, fit) = SPACES.index(space), KINDS[kind]
    shares = (column[:, number, MAIN, kind] for column in (found.read, found.own, found.siblings))
    losses = (column[:, number, kind] for column in (found.own_loss, found.siblings_loss))
    return [
        f"{space}, {way}, {fit}",
        *(told(there(share)) for share in shares),
        *(more(there(loss)) for loss in losses),
    ]


def more(loss: Float[np.ndarray, " n"]) -> str:
    return told(loss, signed=True) if len(loss) else "not run"


def by_layer(found: Measured) -> str:
    layers = np.unique(found.layer).tolist()
    rows = [
        [space, *(told(there(selectivity(found, number, MAIN)[found.layer == layer])) for layer in layers)]
        for number, space in enumerate(SPACES)
    ]
    rule, k = CUTS[MAIN]
    return f"own − siblings by layer, at {k} {rule} features:\n" + aligned([["", *map(str, layers)], *rows])


def figured(found: Measured) -> Iterator[tuple[str, tuple[float, str]]]:
    for number, space in enumerate(SPACES):
        for cut, (rule, k) in enumerate(CUTS):
            at = f"{rule}{k}_{space}"
            yield from of_cut(found, number, cut, at)
            yield from with_interval(f"own_less_siblings_{at}", there(selectivity(found, number, cut)), "share")
            if space != REFERENCE:
                yield from with_interval(f"over_neuron_{at}", over_reference(found, number, cut), "share")
        for kind, (way, fit) in enumerate(KINDS):
            yield from of_kind(found, number, kind, f"{way}_{fit}_{space}")
        for layer in np.unique(found.layer).tolist():
            in_layer = there(selectivity(found, number, MAIN)[found.layer == layer])
            yield from with_interval(f"own_less_siblings_layer{layer}_{space}", in_layer, "share")


def of_cut(found: Measured, space: int, cut: int, at: str) -> Iterator[tuple[str, tuple[float, str]]]:
    yield f"neurons_{at}", (float(np.isfinite(found.own[:, space, cut, BEYOND]).sum()), "neurons")
    yield f"tested_{at}", (mean(there(found.tested[:, space, cut])), "features")
    yield f"covered_{at}", (mean(there(found.covered[:, space, cut])), "share")
    for name, column in (("own", found.own), ("siblings", found.siblings)):
        for way, kind in zip(WAYS, (LITERAL, BEYOND), strict=True):
            yield f"{name}_{way}_{at}", (mean(there(column[:, space, cut, kind])), "share")


def of_kind(found: Measured, space: int, kind: int, at: str) -> Iterator[tuple[str, tuple[float, str]]]:
    """In the main comparison."""
    for name in ("read", "own", "siblings"):
        yield from with_interval(f"{name}_{at}", there(getattr(found, name)[:, space, MAIN, kind]), "share")
    for name in ("own_loss", "siblings_loss"):
        losses = there(getattr(found, name)[:, space, kind])
        if len(losses):
            yield from with_interval(f"{name}_{at}", losses, "nats")


def with_interval(name: str, values: Float[np.ndarray, " n"], unit: str) -> Iterator[tuple[str, tuple[float, str]]]:
    yield name, (mean(values), unit)
    yield from ((f"{name}_{end}", (at, unit)) for end, at in zip(("low", "high"), interval(values), strict=True))
