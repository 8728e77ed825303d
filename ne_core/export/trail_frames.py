"""A trail as tables: its features in order, and the links between them; see frames.py."""

import numpy as np
import pandas as pd

from ne_core.atlas import Atlas
from ne_core.export.frames import features_frame, plain, shortest, texts
from ne_core.queries.layer_pairs import LayerPairs
from ne_core.queries.trail import Trail


def trail_frame(atlas: Atlas, trail: Trail) -> pd.DataFrame:
    """Return the features by layer, most similar to the start first. `splits` and `merges` count groups, or are 0."""
    frame, places = features_frame(atlas, trail.ids), range(len(trail.ids))
    frame.insert(0, "cosine", shortest(trail.cosine))
    for end, name in enumerate(("links_after", "links_before")):
        counts = np.bincount([link[end] for link in trail.links], minlength=len(places))
        frame.insert(1, name, plain(counts))
    for name, events in (("splits", trail.splits), ("merges", trail.merges)):
        frame[name] = plain(np.array([events.get(position, 0) for position in places]))
    return frame


def links_frame(atlas: Atlas, trail: Trail) -> pd.DataFrame:
    """Return a row for each link: two features of successive layers and their cosine; `from_id` is a feature id."""
    ends = np.array([link[:2] for link in trail.links], dtype=np.int64).reshape(-1, 2).T
    columns = {}
    for side, places in zip(("from", "to"), ends, strict=True):
        ids = trail.ids[places]
        columns[f"{side}_id"] = plain(ids)
        for name in ("layer", "neuron", "feature"):
            columns[f"{side}_{name}"] = plain(atlas.features[name][ids])
    return pd.DataFrame({**columns, "cosine": shortest(trail.alike[ends[0], ends[1]])})


def pairs_frame(pairs: LayerPairs) -> pd.DataFrame:
    """Return a row for every two layers: the share of the first's features with a match in the other beyond chance.

    `chance` is the best cosine that 95 % of random features stay below, `comparable` the verdict on the two layers;
    share and chance are NaN with too few features.
    """
    layers = pairs.atlas.layers
    layer_pairs = [(one, other) for one in layers for other in layers]
    matches = [pairs.matches(*pair) for pair in layer_pairs]
    return pd.DataFrame(
        {
            "layer": plain(np.array([one for one, _ in layer_pairs])),
            "other": plain(np.array([other for _, other in layer_pairs])),
            "share": np.array([match.share if match else np.nan for match in matches]),
            "chance": np.array([match.level if match else np.nan for match in matches]),
            "comparable": texts([pairs.verdict(*pair).value for pair in layer_pairs]),
        }
    )
