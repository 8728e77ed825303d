"""Neurons to start with, selected once per atlas: a first look, examples of each class, and all with examples."""

from dataclasses import dataclass

import numpy as np

from ne_core.atlas import Atlas
from ne_core.queries.class_examples import ClassExamples, class_examples
from ne_core.queries.one_idea import WANTED, Pick, one_idea, tight
from ne_core.refs import NeuronRef
from pages.components.cached.per_atlas import per_atlas

PICKS = 9  # the drawn neuron, and those on cards
A_CLASS = 4  # neurons of each class


@dataclass(frozen=True)
class FirstLook:
    """Neurons for a first look, best first; `n_several` of them have several features that show one idea.

    `tight` is the largest mean distance within such a feature. `by_class`: no neuron has one, so the picks are examples
    of the classes.
    """

    picks: tuple[Pick, ...]
    tight: float
    n_several: int = 0
    by_class: bool = False


@per_atlas()
def first_look(atlas: Atlas) -> FirstLook:
    """Pick neurons by `one_idea`; without any, examples of the classes."""
    picks, limit = one_idea(atlas, PICKS), tight(atlas)
    if picks:
        return FirstLook(picks, limit, sum(len(pick.features) >= WANTED for pick in picks))
    refs = [ref for group in class_examples(atlas, A_CLASS) for ref in group.neurons]
    return FirstLook(tuple(Pick(ref, (), 0.0, 0.0) for ref in refs[:PICKS]), limit, by_class=True)


@per_atlas()
def starts(atlas: Atlas, count: int) -> list[ClassExamples]:
    """Select up to `count` neurons of each class, best first; classes without a neuron are left out."""
    return class_examples(atlas, count)


@per_atlas(entries=64)
def neurons_with_examples(atlas: Atlas, layer: int | None = None) -> list[NeuronRef]:
    """Neurons with at least one activating example, in order."""
    table = atlas.neurons
    among = table["n_examples"] > 0
    rows = np.flatnonzero(among if layer is None else among & (table["layer"] == layer))
    return [
        NeuronRef(*each) for each in zip(table["layer"][rows].tolist(), table["neuron"][rows].tolist(), strict=True)
    ]


def first_neuron(atlas: Atlas) -> NeuronRef:
    """Default neuron of a page whose address names none: the one that Overview draws."""
    picks = [pick.ref for pick in first_look(atlas).picks]
    return (picks or neurons_with_examples(atlas) or [NeuronRef(atlas.layers[0], 0)])[0]
