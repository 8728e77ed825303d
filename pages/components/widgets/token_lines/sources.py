"""Sources of examples in lines of tokens: a short name, and a long one for the tooltip."""

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron
from ne_core.queries.sources import LONG, short_source, source_names


def sources(atlas: Atlas, neuron: Neuron, rows: Int[np.ndarray, " k"]) -> list[list[str]] | None:
    """Return [short, long] for each row; None if the atlas does not have sources."""
    names = source_names(atlas, neuron, np.asarray(rows, dtype=np.int64))
    return None if names is None else [[short_source(name), short_source(name, LONG)] for name in names]
