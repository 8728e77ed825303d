"""A trail as tables: its features, in its order, and the links between them. See frames.py."""

import numpy as np
import pandas as pd

from ne_core.atlas import Atlas
from ne_core.export.frames import features_frame, plain, shortest, texts
from ne_core.queries.layer_pairs import LayerPairs
from ne_core.queries.trail import Trail


def trail_frame(atlas: Atlas, trail: Trail) -> pd.DataFrame:
    """The features by layer, the most like the start first. `splits` and `merges` count groups, 0 where it does not."""
    frame, places = features_frame(atlas, trail.ids), range(len(trail.ids))
    frame.insert(0, "cosine", shortest(trail.cosine))
    for end, name in enumerate(("links_after", "links_before")):
        found = np.bincount([link[end] for link in trail.links], minlength=len(places))
        frame.insert(1, name, plain(found))
    for name, turns in (("splits", trail.splits), ("merges", trail.merges)):
        frame[name] = plain(np.array([turns.get(place, 0) for place in places]))
    return frame


def links_frame(atlas: Atlas, trail: Trail) -> pd.DataFrame:
    """Two features of successive layers and their own cosine, a row for each link; `from_id` is a row of features."""
    ends = np.array([link[:2] for link in trail.links], dtype=np.int64).reshape(-1, 2).T
    found = {}
    for side, places in zip(("from", "to"), ends, strict=True):
        ids = trail.ids[places]
        found[f"{side}_id"] = plain(ids)
        for name in ("layer", "neuron", "feature"):
            found[f"{side}_{name}"] = plain(atlas.features[name][ids])
    return pd.DataFrame({**found, "cosine": shortest(trail.alike[ends[0], ends[1]])})


def pairs_frame(pairs: LayerPairs) -> pd.DataFrame:
    """Every two layers: how many features of the first find a match in the other beyond chance; NaN for too few.

    `chance` is the best cosine that 95 % of random features stay below, `comparable` what the two layers' verdict is.
    """
    layers = pairs.atlas.layers
    both = [(one, other) for one in layers for other in layers]
    found = [pairs.matches(*pair) for pair in both]
    return pd.DataFrame(
        {
            "layer": plain(np.array([one for one, _ in both])),
            "other": plain(np.array([other for _, other in both])),
            "share": np.array([each.share if each else np.nan for each in found]),
            "chance": np.array([each.level if each else np.nan for each in found]),
            "comparable": texts([pairs.verdict(*pair).value for pair in both]),
        }
    )
