"""What stands behind a neuron as tables: importance by distance, effects on the logits. As ne_core/frames.py does."""

import numpy as np
import pandas as pd

from ne_core.atlas import Atlas
from ne_core.by_distance import ByDistance
from ne_core.frames import plain, texts
from ne_core.refs import NeuronRef


def distance_frame(here: ByDistance, others: ByDistance) -> pd.DataFrame:
    """A row for each distance, in tokens before the key token; `others_` are the neuron's other examples.

    Means and standard deviations are signed shares of the activation, NaN where nothing is known (0 tokens).
    """
    found = {"distance": 1 + np.arange(len(here.count))}
    for prefix, values in (("", here), ("others_", others)):
        found[f"{prefix}mean"] = values.mean
        found[f"{prefix}standard_deviation"] = values.spread
        found[f"{prefix}tokens"] = plain(values.count)
    return pd.DataFrame(found)


def effects_frame(atlas: Atlas, ref: NeuronRef) -> pd.DataFrame:
    """The tokens that a neuron raises most, then those that it lowers most, each with its rank among them.

    `effect` is in logits for one unit of activation, as ne_core/logits.py has it. Raises KeyError for a neuron that the
    atlas lacks, ValueError for an atlas without effects.
    """
    effects = atlas.logit_effects(ref)
    if effects is None:
        raise ValueError("this atlas holds no effects on the logits")
    sides = {"raised": effects.raised, "lowered": effects.lowered}
    rows = [(side, rank, *each) for side, found in sides.items() for rank, each in enumerate(found)]
    side, rank, token, effect = zip(*rows, strict=True) if rows else ((),) * 4
    return pd.DataFrame(
        {
            "side": texts(side),
            "rank": np.array(rank, dtype=np.int64),
            "token_id": np.array(token, dtype=np.int64),
            "token": texts([atlas.vocab[id] for id in token]),
            "effect": plain(np.array(effect, dtype=np.float16)),
        }
    )
