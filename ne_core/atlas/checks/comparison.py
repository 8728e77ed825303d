"""Does the comparison of spaces list the neurons that can be compared, with measures that can be?"""

import numpy as np

from ne_core.atlas.checks.tables import HIGHEST
from ne_core.atlas.data import AtlasData
from ne_core.atlas.paths import SPACES_FILE
from ne_core.errors import AtlasError
from ne_core.method.comparison import Comparison, comparable

LIMITS = {"silhouette": (-HIGHEST, HIGHEST), "intra": (-1e-3, 1 + HIGHEST), "inter": (-1e-3, 1 + HIGHEST)}


def check_comparison(atlas: AtlasData, found: Comparison) -> None:
    """Whole neurons in order, numbers within their limits; only `intra` may be unknown."""
    path, table = atlas.root / SPACES_FILE, atlas.neurons
    those = comparable(table["n_examples"], table["n_features"])
    if not all(np.array_equal(getattr(found, name), table[name][those]) for name in ("layer", "neuron")):
        raise AtlasError(f"{path} does not list the neurons that can be compared, in order: build the atlas again")
    for name, (least, most) in LIMITS.items():
        values = getattr(found, name)
        unknown = np.isnan(values) if name == "intra" else False
        if not (unknown | ((values >= least) & (values <= most))).all():
            raise AtlasError(f"{path} holds numbers that cannot be: build the atlas again")
