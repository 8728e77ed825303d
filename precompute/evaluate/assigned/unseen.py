"""Activating examples beyond the first `max_examples`, which are not in a neuron's tree; read with the live model."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from precompute.live.reader import Reader
from precompute.live.reading import LayerFirings
from precompute.live.windows import Windows, corpus_windows, firings_of
from precompute.run.progress import OnProgress, silent


@dataclass(frozen=True)
class Unseen:
    """Unseen examples of one layer: the neuron of each, and x at its key token."""

    layer: int
    neuron: Int[np.ndarray, " n"]
    x: Float[np.ndarray, "n d_in"]


def unseen_examples(
    reader: Reader, n: int, each: int = 3, seed: int = 0, on_progress: OnProgress = silent
) -> list[Unseen]:
    """Return at most `n` examples of each layer and `each` of a neuron, from after the neuron's last stored one."""
    by_layer: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {layer: [] for layer in reader.atlas.layers}
    last, done = {layer: last_stored(reader, layer) for layer in reader.atlas.layers}, 0
    for windows in corpus_windows(reader, reader.atlas):
        for part in firings_of(reader, windows, float(reader.atlas.manifest.keep)):
            unseen = key_tokens(part, windows) & (windows.text[part.prompt] > last[part.layer][part.neuron])
            by_layer[part.layer].append((part.neuron[unseen], part.x[part.x_row[unseen]].astype(np.float16)))
        done += len(windows)
        on_progress(done, len(reader.atlas.tokens))
    rng = np.random.default_rng(seed)
    return list(sampled(by_layer, n, each, rng))


def last_stored(reader: Reader, layer: int) -> Int[np.ndarray, " n_neurons"]:
    """Last stored example of each neuron; the corpus's end for a neuron with fewer than the maximum, which has all."""
    files, most = reader.atlas.files[layer], int(reader.atlas.manifest.max_examples)
    sizes, never = np.diff(files.offsets), len(reader.atlas.tokens)
    ends = np.maximum(files.offsets[1:] - 1, 0)
    example = np.append(files.columns["example"], 0)[ends]  # a layer of dead neurons has no rows
    return np.where(sizes >= most, example, never)


def key_tokens(part: LayerFirings, windows: Windows) -> Bool[np.ndarray, " n"]:
    """Mask of the firings that are the highest of their neuron in their example, the first if tied."""
    order = np.lexsort((part.pos, -part.activation, part.neuron, part.prompt))
    pair = part.prompt[order].astype(np.int64) << 32 | part.neuron[order]
    is_key = np.zeros(len(order), dtype=bool)
    is_key[order[np.flatnonzero(np.diff(pair, prepend=-1))]] = True
    return is_key


def sampled(
    by_layer: dict[int, list[tuple[np.ndarray, np.ndarray]]], n: int, each: int, rng: np.random.Generator
) -> Iterator[Unseen]:
    """Yield a random sample of each layer, with at most `each` examples of a neuron."""
    for layer, parts in by_layer.items():
        neuron, x = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        order = rng.permutation(len(neuron))
        rank = np.empty(len(neuron), dtype=np.int64)  # index of each example among its neuron's, in this order
        by_neuron = order[np.argsort(neuron[order], kind="stable")]
        rank[by_neuron] = np.arange(len(neuron)) - np.searchsorted(neuron[by_neuron], neuron[by_neuron])
        some = order[rank[order] < each][:n]
        yield Unseen(layer, neuron[some].astype(np.int64), x[some].astype(np.float32))
