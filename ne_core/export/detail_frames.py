"""Details of a neuron as tables: importance by distance, parts of the pre-activation, effects on the logits."""

import numpy as np
import pandas as pd
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron
from ne_core.export.frames import plain, texts
from ne_core.queries.by_distance import ByDistance
from ne_core.refs import NeuronRef


def distance_frame(selected: ByDistance, others: ByDistance) -> pd.DataFrame:
    """Return a row for each distance, in tokens before the key token; `others_` are the neuron's other examples.

    Means and standard deviations are signed shares of the activation, NaN without a known importance (0 tokens).
    """
    columns = {"distance": 1 + np.arange(len(selected.count))}
    for prefix, values in (("", selected), ("others_", others)):
        columns[f"{prefix}mean"] = values.mean
        columns[f"{prefix}standard_deviation"] = values.spread
        columns[f"{prefix}tokens"] = plain(values.count)
    return pd.DataFrame(columns)


def parts_frame(atlas: Atlas, neuron: Neuron, rows: Int[np.ndarray, " k"]) -> pd.DataFrame:
    """Return a row for each part of the model that writes the pre-activation, over the examples in `rows`.

    The means sum to the mean pre-activation. Raises ValueError for an atlas that does not split pre-activations.
    """
    contributions = atlas.contributions(neuron.ref)
    if contributions is None:
        raise ValueError("this atlas does not split pre-activations")
    numbered = [[getattr(part, name) for part in contributions.part_list] for name in ("layer", "head")]
    return pd.DataFrame(
        {
            "part": texts([part.kind for part in contributions.part_list]),
            "layer": np.array(numbered[0], dtype=np.int64),
            "head": np.array(numbered[1], dtype=np.int64),
            "mean": contributions.mean(rows),
            "standard_deviation": contributions.parts[rows].astype(np.float64).std(axis=0),
        }
    )


def effects_frame(atlas: Atlas, ref: NeuronRef) -> pd.DataFrame:
    """Return the tokens that a neuron raises most, then those that it lowers most, each with its rank.

    `effect` is in logits for one unit of activation, see method/logits.py. Raises KeyError for a neuron that the atlas
    lacks, ValueError for an atlas without logit effects.
    """
    effects = atlas.logit_effects(ref)
    if effects is None:
        raise ValueError("this atlas has no logit effects")
    sides = {"raised": effects.raised, "lowered": effects.lowered}
    rows = [(side, rank, *entry) for side, entries in sides.items() for rank, entry in enumerate(entries)]
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
