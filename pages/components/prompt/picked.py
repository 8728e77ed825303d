"""Selection of firings by token, layer and class; each feature once, at its strongest token."""

import numpy as np
from jaxtyping import Bool, Int

from ne_core.atlas import Atlas
from ne_core.live.answers import Firings, TextRead
from ne_core.method.classes import CLASSES
from ne_core.queries.ranking import ranking
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.cached.per_atlas import per_atlas
from pages.components.url.prompt_view import View


def picked(atlas: Atlas, view: View, read: TextRead) -> Int[np.ndarray, " k"]:
    """Select entries of `read.fired`, largest share first; of a feature that fires at several tokens only the first."""
    fired = read.fired
    passing = np.ones(len(fired), dtype=bool)
    if view.pos is not None:
        passing &= fired.pos == view.pos
    if view.layer is not None:
        passing &= fired.layer == view.layer
    if view.kind:
        passing &= of_class(atlas, fired, CLASSES.index(view.kind))
    entries = np.flatnonzero(passing)
    keys = np.stack([fired.layer, fired.neuron, fired.feature])[:, entries]
    _, first = np.unique(keys, axis=1, return_index=True)
    return entries[np.sort(first)]


def of_class(atlas: Atlas, fired: Firings, kind: int) -> Bool[np.ndarray, " n"]:
    refs = zip(fired.layer.tolist(), fired.neuron.tolist(), strict=True)
    rows = [atlas.neuron_row(NeuronRef(*ref)) for ref in refs]
    return neuron_classes(atlas)[rows] == kind


@per_atlas()
def neuron_classes(atlas: Atlas) -> Int[np.ndarray, " n_neurons"]:
    """Class of each neuron, as an index into CLASSES."""
    return np.asarray(ranking(atlas).columns["class"]).astype(np.int64)


def neuron_of(fired: Firings, entry: int) -> NeuronRef:
    return NeuronRef(int(fired.layer[entry]), int(fired.neuron[entry]))


def feature_of(fired: Firings, entry: int) -> FeatureRef | None:
    """Feature that a firing is assigned to; None if there is none."""
    number, ref = int(fired.feature[entry]), neuron_of(fired, entry)
    return None if number < 0 else FeatureRef(ref.layer, ref.neuron, number)
