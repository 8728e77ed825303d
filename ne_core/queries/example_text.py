"""An example of the corpus as the text that a model can read again."""

import numpy as np

from ne_core.atlas import Atlas


def example_text(atlas: Atlas, example: int, pos: int) -> tuple[str, int | None]:
    """The text around position `pos` of an example, and that position in it as the model will count it.

    The token that every example begins with is left out, since the model puts it there again, and so is what lies
    beyond a separator. The position is None where the text does not begin the example.
    """
    ids = atlas.tokens[example, : int(atlas.lengths[example])]
    first = ids[0] if (atlas.tokens[:, 0] == ids[0]).all() else -1
    breaks = np.flatnonzero(ids == first)
    start = int(breaks[breaks < max(pos, 1)].max(initial=-1)) + 1
    stop = int(breaks[breaks > pos].min(initial=len(ids)))
    return "".join(atlas.text(ids[start:stop])), pos if start == len(breaks[:1]) else None


def central_text(atlas: Atlas, id: int) -> tuple[str, int | None]:
    """The same of the central example of the feature in row `id` of `features`, around its key token."""
    neuron, row = atlas.neuron(atlas.feature_ref(id).of), int(atlas.features["central"][id])
    return example_text(atlas, int(neuron.example[row]), int(neuron.pos[row]))
