"""Examples of the corpus that a neuron's tree has not seen: those after the first `max_examples`, read live."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from precompute.live.reader import Reader
from precompute.live.reading import LayerFired
from precompute.live.windows import Windows, corpus_windows, fired_of
from precompute.run.progress import OnProgress, silent


@dataclass(frozen=True)
class Beyond:
    """Key tokens of one layer: the neuron of each, and what it read there."""

    layer: int
    neuron: Int[np.ndarray, " n"]
    x: Float[np.ndarray, "n d_in"]


def beyond_kept(reader: Reader, n: int, each: int = 3, seed: int = 0, on_progress: OnProgress = silent) -> list[Beyond]:
    """At most `n` of each layer and `each` of a neuron: where an example after the last one kept fires most."""
    by_layer: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {layer: [] for layer in reader.atlas.layers}
    last, done = {layer: last_kept(reader, layer) for layer in reader.atlas.layers}, 0
    for windows in corpus_windows(reader, reader.atlas):
        for part in fired_of(reader, windows, float(reader.atlas.manifest.keep)):
            mine = key_tokens(part, windows) & (windows.text[part.prompt] > last[part.layer][part.neuron])
            by_layer[part.layer].append((part.neuron[mine], part.x[part.x_row[mine]].astype(np.float16)))
        done += len(windows)
        on_progress(done, len(reader.atlas.tokens))
    rng = np.random.default_rng(seed)
    return list(sampled(by_layer, n, each, rng))


def last_kept(reader: Reader, layer: int) -> Int[np.ndarray, " n_neurons"]:
    """The last example that each neuron kept; none is beyond where it kept fewer than it may: it has all there are."""
    files, most = reader.atlas.files[layer], int(reader.atlas.manifest.max_examples)
    sizes, never = np.diff(files.offsets), len(reader.atlas.tokens)
    ends = np.maximum(files.offsets[1:] - 1, 0)
    example = np.append(files.columns["example"], 0)[ends]  # a layer of dead neurons has no rows
    return np.where(sizes >= most, example, never)


def key_tokens(part: LayerFired, windows: Windows) -> Bool[np.ndarray, " n"]:
    """Mask of the firings that are the highest of their neuron in their example; of equals the first."""
    order = np.lexsort((part.pos, -part.activation, part.neuron, part.prompt))
    pair = part.prompt[order].astype(np.int64) << 32 | part.neuron[order]
    is_key = np.zeros(len(order), dtype=bool)
    is_key[order[np.flatnonzero(np.diff(pair, prepend=-1))]] = True
    return is_key


def sampled(
    by_layer: dict[int, list[tuple[np.ndarray, np.ndarray]]], n: int, each: int, rng: np.random.Generator
) -> Iterator[Beyond]:
    """By layer, some at random, those of a neuron not more than `each`."""
    for layer, parts in by_layer.items():
        neuron, x = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        order = rng.permutation(len(neuron))
        place = np.empty(len(neuron), dtype=np.int64)  # of each among its neuron's, in this order
        by_neuron = order[np.argsort(neuron[order], kind="stable")]
        place[by_neuron] = np.arange(len(neuron)) - np.searchsorted(neuron[by_neuron], neuron[by_neuron])
        some = order[place[order] < each][:n]
        yield Beyond(layer, neuron[some].astype(np.int64), x[some].astype(np.float32))
