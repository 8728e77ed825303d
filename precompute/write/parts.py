"""Parts of an atlas, the results of all steps: the input of `write_atlas`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ne_core.atlas.documents import DocumentTable
from ne_core.atlas.manifest import Description
from precompute.steps.contributions import Columns as Contributions
from precompute.steps.equal_n import EqualNMeasures
from precompute.steps.index import Indexed
from precompute.steps.layer_features import LayerFeatures, Texts
from precompute.steps.logits import Columns
from precompute.steps.other_trees import StoredTrees
from precompute.steps.sample import LayerStatistics


@dataclass(frozen=True, kw_only=True)
class AtlasParts:
    """Parts of an atlas before it is written; None for optional parts that it lacks.

    `statistics`, `importances`, `logits` and `contributions` are by layer; a lazy mapping keeps other layers out of
    memory. `spaces` is the table of schema.COMPARISONS; `documents` are those that `description` declares. `write_more`
    may write further files.
    """

    description: Description
    texts: Texts
    layers: Sequence[LayerFeatures]
    statistics: Mapping[int, LayerStatistics]
    importances: Mapping[int, Float[np.ndarray, "n_rows n_baselines n_back"]]
    indexed: Indexed
    logits: Mapping[int, Columns] | None = None
    contributions: Mapping[int, Contributions] | None = None
    equal_n: EqualNMeasures | None = None
    spaces: Mapping[str, np.ndarray] | None = None
    documents: DocumentTable | None = None
    other_trees: StoredTrees | None = None
    write_more: Callable[[Path], None] = lambda folder: None
