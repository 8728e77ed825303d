"""A neuron with the largest possible number of examples, in the place of L0 N0 of the planted atlas."""

from dataclasses import replace

import numpy as np

from ne_core.atlas import Atlas, Neuron
from ne_core.method.trees.cluster import cut

MAX_ROWS = 2**15 - 1  # largest number of rows with int16 indices


def random_tree(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return a random linkage; all branch points except the highest are below the planted atlas's cut."""
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


def huge_neuron(small: Neuron, n: int = MAX_ROWS) -> Neuron:
    """Repeat the rows of a small neuron, with a new tree."""
    rng = np.random.default_rng(0)
    tree, rows = random_tree(n, rng), np.arange(n) % len(small)
    names = ("example", "pos", "activation", "center_distance", "window_activations", "window_importances")
    columns = {name: np.asarray(getattr(small, name))[rows] for name in names}
    central = np.minimum(tree[:, :2].min(axis=1), n - 1).astype(np.int16)
    return replace(small, **columns, feature=cut(tree, 0.5).astype(np.int16), tree=tree, merge_central=central)


def use_huge_neuron(monkeypatch, n: int = MAX_ROWS) -> None:
    """Make every atlas return the huge neuron for L0 N0."""
    cache, original = [], Atlas.neuron

    def neuron(atlas: Atlas, ref):
        if (ref.layer, ref.neuron) != (0, 0):
            return original(atlas, ref)
        if not cache:
            cache.append(huge_neuron(original(atlas, ref), n))
        return cache[0]

    original_contributions = Atlas.contributions

    def contributions(atlas: Atlas, ref):
        result = original_contributions(atlas, ref)
        if (ref.layer, ref.neuron) != (0, 0) or result is None:
            return result
        rows = np.arange(n) % len(result.parts)
        return replace(result, **{name: getattr(result, name)[rows] for name in ("parts", "read_head", "read_back")})

    monkeypatch.setattr(Atlas, "neuron", neuron)
    monkeypatch.setattr(Atlas, "contributions", contributions)
