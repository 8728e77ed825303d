"""A neuron with as many examples as an atlas can hold, in the planted atlas's place of L0 N0."""

from dataclasses import replace

import numpy as np

from ne_core.atlas import Atlas, Neuron
from ne_core.method.cluster import cut

MOST = 2**15 - 1  # rows that an int16 can number


def random_tree(n: int, rng: np.random.Generator) -> np.ndarray:
    """A linkage that joins what chance picks; all but the highest branch point lie below the planted atlas's cut."""
    heights = np.concatenate([np.sort(rng.uniform(0.01, 0.49, size=n - 2)), [0.9]])
    pool, sizes, rows = list(range(n)), [1] * n, []
    for k, height in enumerate(heights.tolist()):
        pair = []
        for _ in range(2):
            i = int(rng.integers(len(pool)))
            pool[i], pool[-1] = pool[-1], pool[i]
            pair.append(pool.pop())
        sizes.append(sizes[pair[0]] + sizes[pair[1]])
        rows.append([*pair, height, sizes[-1]])
        pool.append(n + k)
    return np.array(rows, dtype=np.float32)


def huge_neuron(small: Neuron, n: int = MOST) -> Neuron:
    """The rows of a small neuron over and over, under a tree of their own."""
    rng = np.random.default_rng(0)
    tree, take = random_tree(n, rng), np.arange(n) % len(small)
    names = ("example", "pos", "activation", "center_distance", "window_activations", "window_importances")
    columns = {name: np.asarray(getattr(small, name))[take] for name in names}
    central = np.minimum(tree[:, :2].min(axis=1), n - 1).astype(np.int16)
    return replace(small, **columns, feature=cut(tree, 0.5).astype(np.int16), tree=tree, merge_central=central)


def in_place_of_the_first(monkeypatch, n: int = MOST) -> None:
    """Every atlas then answers with the huge neuron for L0 N0."""
    cache, own = [], Atlas.neuron

    def neuron(atlas: Atlas, ref):
        if (ref.layer, ref.neuron) != (0, 0):
            return own(atlas, ref)
        if not cache:
            cache.append(huge_neuron(own(atlas, ref), n))
        return cache[0]

    own_contributions = Atlas.contributions

    def contributions(atlas: Atlas, ref):
        found = own_contributions(atlas, ref)
        if (ref.layer, ref.neuron) != (0, 0) or found is None:
            return found
        take = np.arange(n) % len(found.parts)
        return replace(found, **{name: getattr(found, name)[take] for name in ("parts", "read_head", "read_back")})

    monkeypatch.setattr(Atlas, "neuron", neuron)
    monkeypatch.setattr(Atlas, "contributions", contributions)
