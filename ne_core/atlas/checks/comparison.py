"""Check the comparison of spaces: its neurons and its measures."""

import numpy as np

from ne_core.atlas.checks.tables import HIGHEST
from ne_core.atlas.data import AtlasData
from ne_core.atlas.paths import SPACES_FILE
from ne_core.errors import AtlasError
from ne_core.method.comparison import Comparison, comparable

LIMITS = {"silhouette": (-HIGHEST, HIGHEST), "intra": (-1e-3, 1 + HIGHEST), "inter": (-1e-3, 1 + HIGHEST)}


def check_comparison(atlas: AtlasData, comparison: Comparison) -> None:
    """Raise AtlasError unless it lists the comparable neurons in order, with measures in range; `intra` may be NaN."""
    path, table = atlas.root / SPACES_FILE, atlas.neurons
    rows = comparable(table["n_examples"], table["n_features"])
    if not all(np.array_equal(getattr(comparison, name), table[name][rows]) for name in ("layer", "neuron")):
        raise AtlasError(f"{path} does not list the neurons that can be compared in order: build the atlas again")
    for name, (least, most) in LIMITS.items():
        values = getattr(comparison, name)
        unknown = np.isnan(values) if name == "intra" else False
        if not (unknown | ((values >= least) & (values <= most))).all():
            raise AtlasError(f"{path} holds numbers out of range: build the atlas again")
