"""The rest of a stored example around the tokens that its line shows, so that a reader can open the whole of it."""

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron

PER_TOKEN = ("t", "v", "m", "k", "b", "h", "d")  # what `trim` shortens


def outside_windows(atlas: Atlas, neuron: Neuron, rows: Int[np.ndarray, " k"]) -> list[list[str]]:
    """Return the text of each row's example before and after its window, which has no activations."""
    window, texts = atlas.manifest.window, atlas.visible_tokens
    places = zip(neuron.example[rows].tolist(), neuron.pos[rows].tolist(), strict=True)
    result = []
    for example, pos in places:
        ids = atlas.tokens[example, : atlas.lengths[example]].tolist()
        ends = ids[: max(0, pos - window.back + 1)], ids[pos + window.forward + 1 :]
        result.append(["".join(texts[id] for id in part) for part in ends])
    return result


def rest_of(line: dict, untrimmed: dict, outside: list[str]) -> dict:
    """Return {far: texts before and after the window, w: the line before it was trimmed}, each only if there is one."""
    rest = {"far": outside} if any(outside) else {}
    return rest | ({"w": untrimmed} if any(line["cut"]) else {})
