"""Report the accuracy of names as a table by layer and as figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from precompute.evaluate.bootstrap import interval, mean
from precompute.evaluate.held_out import FOLDS
from precompute.report import Figure, Report, aligned

TITLES = {
    "chance": "chance",
    "largest": "the largest",
    "labels": "frequent keys",
    "keys": "key terms",
    "names": "names",
}
HEAD = f"""\
Names of features: the share of held-out examples that are assigned to the right feature of their neuron, by the terms
of names made from the other examples ({FOLDS} folds; all neurons have equal weight; ties between names are broken by
chance; 95 % intervals over neurons). “frequent keys”: named by the most frequent key tokens. “unique”: features whose
name no other feature of their neuron has.
"""
RECURS = {True: "recurs", False: "of one example"}
RECURRENCE = """\
All layers, examples whose key token another example of the neuron has (a name can repeat it), and the others:
"""


@dataclass(frozen=True)
class Measured:
    """Results for neurons with several features: accuracy by method, and whether each feature's name is unique.

    `by_recurrence`: accuracy on the examples whose key token another example of the neuron has, and on the others.
    """

    n_examples: int
    right: dict[str, Float[np.ndarray, " n_neurons"]]
    by_recurrence: dict[bool, dict[str, Float[np.ndarray, " n_neurons"]]]
    unique: dict[str, Bool[np.ndarray, " n_features"]]


def names_report(atlas: str, measured: dict[str, Measured]) -> Report:
    """Return a row for each part and one for all; figures of all, and the accuracy of names of each part."""
    whole = together(list(measured.values()))
    rows = [row(name, each) for name, each in (measured | {"all": whole}).items()]
    head = ["", "neurons", "examples", *TITLES.values(), "95 %", "unique keys", "unique names"]
    text = HEAD + "\n" + aligned([head, *rows]) + "\n\n" + RECURRENCE + "\n" + recurrence_table(whole)
    return Report(text, figures(atlas, measured, whole))


def together(parts: Sequence[Measured]) -> Measured:
    return Measured(
        sum(part.n_examples for part in parts),
        joined([part.right for part in parts]),
        {recurs: joined([part.by_recurrence[recurs] for part in parts]) for recurs in (True, False)},
        {name: np.concatenate([part.unique[name] for part in parts]) for name in parts[0].unique},
    )


def joined(parts: Sequence[dict[str, Float[np.ndarray, " _"]]]) -> dict[str, Float[np.ndarray, " n_neurons"]]:
    return {name: np.concatenate([part[name] for part in parts]) for name in TITLES}


def recurrence_table(whole: Measured) -> str:
    rows = [["key token", "neurons", *TITLES.values(), "95 %"]]
    for recurs, right in whole.by_recurrence.items():
        low, high = interval(right["names"])
        cells = [f"{mean(values):.3f}" for values in right.values()]
        rows.append([RECURS[recurs], f"{len(right['names']):,}", *cells, f"{low:.3f}–{high:.3f}"])
    return aligned(rows)


def row(name: str, measured: Measured) -> list[str]:
    low, high = interval(measured.right["names"])
    shares = [mean(values) for values in measured.right.values()]
    unique = [mean(measured.unique[name]) for name in ("labels", "names")]
    cells = [f"{share:.3f}" for share in shares], [f"{share:.3f}" for share in unique]
    n_neurons = len(measured.right["names"])
    return [name, f"{n_neurons:,}", f"{measured.n_examples:,}", *cells[0], f"{low:.3f}–{high:.3f}", *cells[1]]


def figures(atlas: str, measured: dict[str, Measured], whole: Measured) -> tuple[Figure, ...]:
    low, high = interval(whole.right["names"])
    gain = whole.right["names"] - whole.right["labels"]
    gain_low, gain_high = interval(gain)
    figures_of_all = {
        "names_accuracy": mean(whole.right["names"]),
        "names_accuracy_low": low,
        "names_accuracy_high": high,
        "names_accuracy_by_lot": mean(whole.right["chance"]),
        "names_accuracy_of_the_largest": mean(whole.right["largest"]),
        "names_accuracy_of_frequent_keys": mean(whole.right["labels"]),
        "names_accuracy_of_key_terms": mean(whole.right["keys"]),
        "names_over_frequent_keys": mean(gain),
        "names_over_frequent_keys_low": gain_low,
        "names_over_frequent_keys_high": gain_high,
        "names_unique": mean(whole.unique["names"]),
        "names_unique_of_frequent_keys": mean(whole.unique["labels"]),
        "names_accuracy_where_the_key_token_recurs": mean(whole.by_recurrence[True]["names"]),
        "names_accuracy_where_it_does_not": mean(whole.by_recurrence[False]["names"]),
        "names_accuracy_of_the_largest_where_it_does_not": mean(whole.by_recurrence[False]["largest"]),
    }
    by_part = {f"names_accuracy_{name.replace(' ', '_')}": mean(each.right["names"]) for name, each in measured.items()}
    return tuple(Figure(f"{name}_{atlas}", value, "share") for name, value in (figures_of_all | by_part).items())
