"""The rest of a stored example around the tokens that its line shows, so that a reader can open the whole of it."""

from itertools import accumulate, takewhile

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron

PER_TOKEN = ("t", "v", "m", "k", "b", "h", "d")  # what `trim` shortens
MOST_OUTSIDE = 10_000  # characters on each side: tokens of a hostile atlas may be long, and a page has 100 examples


def outside_windows(atlas: Atlas, neuron: Neuron, rows: Int[np.ndarray, " k"]) -> list[list[str]]:
    """Return the text of each row's example before and after its window, which has no activations."""
    window, texts = atlas.manifest.window, atlas.visible_tokens
    places = zip(neuron.example[rows].tolist(), neuron.pos[rows].tolist(), strict=True)
    result = []
    for example, pos in places:
        ids = atlas.tokens[example, : atlas.lengths[example]]
        before, after = ids[: max(0, pos - window.back + 1)][::-1], ids[pos + window.forward + 1 :]
        before, after = (nearest([texts[id] for id in part[:MOST_OUTSIDE].tolist()]) for part in (before, after))
        result.append(["".join(reversed(before)), "".join(after)])
    return result


def nearest(texts: list[str]) -> list[str]:
    """Return the first texts that have at most MOST_OUTSIDE characters together, and “…” if there are others."""
    n = sum(1 for _ in takewhile(lambda length: length <= MOST_OUTSIDE, accumulate(map(len, texts))))
    return texts if n == len(texts) else [*texts[:n], "…"]


def rest_of(line: dict, untrimmed: dict, outside: list[str]) -> dict:
    """Return {far: texts before and after the window, w: the line before it was trimmed}, each only if there is one."""
    rest = {"far": outside} if any(outside) else {}
    return rest | ({"w": untrimmed} if any(line["cut"]) else {})
