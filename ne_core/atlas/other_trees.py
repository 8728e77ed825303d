"""Trees of a further embedding, stored beside those of the atlas's own: two slices of each column for a neuron."""

from dataclasses import replace

import numpy as np

from ne_core.atlas.data import AtlasData, Neuron, readable_cut
from ne_core.refs import NeuronRef


def stored_neuron(atlas: AtlasData, ref: NeuronRef) -> Neuron:
    """Return a neuron in the further embedding of an atlas that has one. Raises KeyError for an unknown neuron."""
    neuron, files, facts = atlas.neuron(ref), atlas.files[ref.layer], atlas.manifest.other_trees
    rows, merges = files.rows(ref.neuron), files.merges(ref.neuron)
    columns = files.other_trees
    suggested = float(columns["other_suggested_cut"][ref.neuron])
    in_other = replace(
        neuron,
        tree=columns["other_trees"][merges],
        merge_central=columns["other_merge_central"][merges],
        center_distance=columns["other_center_distance"][rows],
        embedding=facts.embedding,
        default_cut=facts.cut,
        suggested_cut=readable_cut(suggested) if atlas.manifest.clear_cuts else None,
    )
    return replace(in_other, feature=in_other.features(facts.cut).astype(np.int16))
