"""What stands behind a neuron as tables: importance by distance, effects on the logits. See frames.py."""

import numpy as np
import pandas as pd
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron
from ne_core.export.frames import plain, texts
from ne_core.queries.by_distance import ByDistance
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


def parts_frame(atlas: Atlas, neuron: Neuron, rows: Int[np.ndarray, " k"]) -> pd.DataFrame:
    """What writes the pre-activation of some of a neuron's examples: every part, and the standard deviation of it.

    The means sum to the mean pre-activation. Raises ValueError for an atlas that does not split pre-activations.
    """
    wrote = atlas.contributions(neuron.ref)
    if wrote is None:
        raise ValueError("this atlas does not split pre-activations")
    numbered = [[getattr(part, name) for part in wrote.part_list] for name in ("layer", "head")]
    return pd.DataFrame(
        {
            "part": texts([part.kind for part in wrote.part_list]),
            "layer": np.array(numbered[0], dtype=np.int64),
            "head": np.array(numbered[1], dtype=np.int64),
            "mean": wrote.mean(rows),
            "standard_deviation": wrote.parts[rows].astype(np.float64).std(axis=0),
        }
    )


def effects_frame(atlas: Atlas, ref: NeuronRef) -> pd.DataFrame:
    """The tokens that a neuron raises most, then those that it lowers most, each with its rank among them.

    `effect` is in logits for one unit of activation, see method/logits.py. Raises KeyError for a neuron that the
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
