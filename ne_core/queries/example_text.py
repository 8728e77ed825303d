"""Text of an example of the corpus, for reading it again with the model."""

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas


def example_text(atlas: Atlas, example: int, pos: int) -> tuple[str, int]:
    """Text around position `pos` of an example, between separators, and the position of `pos` when the text is read.

    If every example begins with the same token, it is left out, because reading the text adds it again. Raises
    IndexError for an example or a position that the atlas does not have.
    """
    ids = atlas.tokens[example, : int(atlas.lengths[example])]
    first = int(ids[0]) if (atlas.tokens[:, 0] == ids[0]).all() else None
    part, place = part_around(ids, first, pos)
    return "".join(atlas.text(ids[part])), place


def part_around(ids: Int[np.ndarray, " n"], first: int | None, pos: int) -> tuple[slice, int]:
    """Slice of the tokens around `pos` up to the next token `first` on either side, and the new position of `pos`.

    The new position counts a `first` before the slice. If `first` is None, the slice has all tokens.
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
