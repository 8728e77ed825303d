"""An example of the corpus as the text that a model can read again."""

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas


def example_text(atlas: Atlas, example: int, pos: int) -> tuple[str, int]:
    """The text around position `pos` of an example, between separators, and where that token is when it is read again.

    The token that every example begins with, if there is one, is left out: the model puts it there again. Raises
    IndexError for an example or a position that the atlas does not have.
    """
    ids = atlas.tokens[example, : int(atlas.lengths[example])]
    first = int(ids[0]) if (atlas.tokens[:, 0] == ids[0]).all() else None
    part, place = part_around(ids, first, pos)
    return "".join(atlas.text(ids[part])), place


def part_around(ids: Int[np.ndarray, " n"], first: int | None, pos: int) -> tuple[slice, int]:
    """The tokens around `pos` between two tokens `first`, and where `pos` is when `first` is put before them again.

    Without a `first` it is all of them.
    """
    if first is None:
        return slice(0, len(ids)), pos
    breaks = np.flatnonzero(ids == first)
    start = int(breaks[breaks < max(pos, 1)].max(initial=-1)) + 1
    stop = int(breaks[breaks >= max(pos, 1)].min(initial=len(ids)))
    return slice(start, stop), max(pos, start) - start + 1


def central_place(atlas: Atlas, id: int) -> tuple[int, int]:
    """Example and position of the key token at the centre of the feature in row `id` of `features`."""
    neuron, row = atlas.neuron(atlas.feature_ref(id).of), int(atlas.features["central"][id])
    return int(neuron.example[row]), int(neuron.pos[row])
