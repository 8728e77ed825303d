"""Which space finds the same meaning: how often a feature and the most similar one share their commonest key token."""

from pathlib import Path

import numpy as np

from ne_core.atlas import Atlas
from tests.bench.figures import Figures

SOLID = 3  # features of fewer examples may be strays


def measure(figures: Figures, atlas_dir: Path) -> None:
    """Beside it, the share to expect if the most similar feature were any feature at all."""
    atlas = Atlas.open(atlas_dir)
    key, solid = atlas.features["key_tokens"][:, 0], atlas.features["size"] >= SOLID
    for space in atlas.manifest.spaces:
        best = atlas.features[f"similar_{space}"][:, 0]
        asked = solid & (best >= 0)
        figures.add(f"similar_same_key_token_{space}_demo", float((key[best[asked]] == key[asked]).mean()), "share")
    any_feature = np.bincount(key, minlength=len(atlas.vocab)) / len(key)
    figures.add("similar_same_key_token_chance_demo", float(any_feature[key[solid]].mean()), "share")
