"""Tables of the two features: one row each, and the examples of both, with the embedding and the cut of each side."""

from collections.abc import Sequence

import numpy as np

from ne_core.atlas import Atlas
from pages.components.side_by_side.feature import SideFeature
from pages.components.widgets.export import Table
from pages.components.widgets.export_tables import features_table


def side_tables(atlas: Atlas, sides: Sequence[SideFeature]) -> list[Table]:
    name = "-".join(side.ref.dotted for side in sides)
    if all(side.listed for side in sides):
        ids = np.array([atlas.feature_id(side.ref) for side in sides], dtype=np.int64)
        both = features_table(atlas, "Both features", f"side-by-side-{name}", ids)
    else:
        both = Table("Both features", f"side-by-side-{name}", lambda: features_frame(atlas, sides))
    return [both, Table("Examples of both", f"side-by-side-{name}-examples", lambda: both_examples(atlas, sides))]


def features_frame(atlas: Atlas, sides: Sequence[SideFeature]):
    import pandas as pd

    from ne_core.export.frames import cut_frame

    frames = [
        placed(cut_frame(atlas, side.ref.of, side.cut, side.neuron.embedding).iloc[[side.ref.feature]], side)
        for side in sides
    ]
    return pd.concat(frames, ignore_index=True)


def both_examples(atlas: Atlas, sides: Sequence[SideFeature]):
    import pandas as pd

    from ne_core.export.frames import examples_frame

    at_default = all(side.cut == side.neuron.default_cut for side in sides)  # with distances from the centre
    frames = [
        examples_frame(atlas, side.ref, None if at_default else side.cut, side.neuron.embedding) for side in sides
    ]
    if not all(side.listed for side in sides):
        frames = [placed(frame, side) for frame, side in zip(frames, sides, strict=True)]
    return pd.concat(frames, ignore_index=True)


def placed(frame, side: SideFeature):
    """Add the embedding and the cut, without which the numbers of features are ambiguous."""
    import pandas as pd

    embedding = pd.Series([side.neuron.embedding] * len(frame), index=frame.index, dtype="str")
    return frame.assign(embedding=embedding, cut=float(side.cut))
