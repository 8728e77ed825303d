"""Examples of random directions over all positions of the corpus, read with the model; or over the stored inputs.

A direction's examples are selected as a neuron's are: in each text its highest pre-activation, if that is at least
`keep` of its maximum, and the first `max_examples` of these (precompute/steps/directions.py). The model runs twice: for
the highest pre-activations, and for the inputs at the selected positions. So no position's input is kept but those.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from ne_core.atlas import Atlas
from precompute.live.reader import Reader
from precompute.live.windows import Windows, corpus_windows
from precompute.steps.directions import Pool, activating_rows, draw_directions

SEED = 0


@dataclass(frozen=True)
class Random:
    """Random directions of one layer, a column of W each, and the inputs of the examples of each."""

    W: Float[np.ndarray, "d_in n"]
    x: list[Float[np.ndarray, "_n d_in"]]


@dataclass(frozen=True)
class Drawn:
    """Weights and biases of random directions, and in each text the highest pre-activation and its position."""

    W: Float[np.ndarray, "d_in n"]
    b: Float[np.ndarray, " n"]
    best: Float[np.ndarray, "n_texts n"]
    pos: Int[np.ndarray, "n_texts n"]


def drawn(atlas: Atlas, layer: int, n: int) -> Drawn:
    """Draw `n` directions of a layer, which no text has activated yet."""
    W, b = draw_directions(atlas.weights(layer), n, np.random.default_rng([SEED, layer]))
    shape = len(atlas.tokens), n
    return Drawn(W, b, np.full(shape, -np.inf, np.float32), np.zeros(shape, np.int16))


def stored_directions(atlas: Atlas, layer: int, n: int, rule: tuple[float, int]) -> Random:
    """Return random directions with their examples among the inputs that are stored for some neuron."""
    inputs, made = atlas.layer_inputs(layer), drawn(atlas, layer, n)
    pool = Pool.of(atlas.weights(layer), inputs.x, inputs.index, np.asarray(inputs.example))
    rows = activating_rows(pool, made.W, made.b, *rule)
    return Random(made.W, [np.asarray(inputs.x[each], dtype=np.float32) for each in rows])


def corpus_directions(
    reader: Reader, n: int, rule: tuple[float, int], step: Callable[[], None]
) -> Iterator[tuple[int, Random]]:
    """Yield each layer with `n` random directions and their examples among all positions; `step` follows each pass."""
    by_layer = {layer: drawn(reader.atlas, layer, n) for layer in reader.atlas.layers}
    for windows in corpus_windows(reader, reader.atlas):
        for layer, x in layer_inputs(reader, windows):
            find_best(by_layer[layer], windows, x)
    step()
    places = {layer: selected(made.best, made.pos, *rule) for layer, made in by_layer.items()}
    inputs = dict(gathered(reader, places))
    step()
    for layer, made in by_layer.items():
        yield layer, Random(made.W, inputs[layer])


def layer_inputs(reader: Reader, windows: Windows) -> list[tuple[int, Float[torch.Tensor, "batch pos d_in"]]]:
    """Run the model on some windows and return x of each layer."""
    by_layer = []
    tokens, lengths = torch.from_numpy(windows.tokens), torch.from_numpy(windows.lengths)
    reader.source.read(
        tokens,
        lengths,
        lambda part: by_layer.append((part.layer, reader.source.inputs(part.layer, part.x).float().cpu())),
        reader.atlas.layers,
    )
    return by_layer


def find_best(made: Drawn, windows: Windows, x: Float[torch.Tensor, "batch pos d_in"]) -> None:
    """Fill in the highest pre-activations of the windows' texts, in place."""
    z = x @ torch.from_numpy(made.W) + torch.from_numpy(made.b)
    z = z.masked_fill(~torch.from_numpy(windows.counted)[:, :, None], -torch.inf)
    top = z.max(dim=1)
    made.best[windows.text], made.pos[windows.text] = top.values.numpy(), top.indices.numpy()


def selected(
    best: Float[np.ndarray, "n_texts n"], pos: Int[np.ndarray, "n_texts n"], keep: float, max_examples: int
) -> list[Int[np.ndarray, "_n 2"]]:
    """Return the text and position of each direction's examples, in the order of the corpus."""
    passing = (best > 0) & (best >= keep * best.max(axis=0))
    texts = (np.flatnonzero(column)[:max_examples] for column in passing.T)
    return [np.stack([rows, pos[rows, i]], axis=1) for i, rows in enumerate(texts)]


def gathered(
    reader: Reader, places: dict[int, list[Int[np.ndarray, "_n 2"]]]
) -> Iterator[tuple[int, list[Float[np.ndarray, "_n d_in"]]]]:
    """Yield each layer with the inputs at the places of its directions; half precision, as an atlas stores them."""
    wanted = {layer: np.unique(np.concatenate(each), axis=0) for layer, each in places.items()}
    parts: dict[int, list[np.ndarray]] = {layer: [] for layer in places}
    for windows in corpus_windows(reader, reader.atlas):
        for layer, x in layer_inputs(reader, windows):
            first, last = np.searchsorted(wanted[layer][:, 0], [windows.text[0], windows.text[-1] + 1])
            text, pos = wanted[layer][first:last].T
            parts[layer].append(x.numpy()[text - windows.text[0], pos].astype(np.float16))
    for layer, each in places.items():
        x, code = np.concatenate(parts[layer]), code_of(wanted[layer])
        yield layer, [x[np.searchsorted(code, code_of(of_one))].astype(np.float32) for of_one in each]


def code_of(places: Int[np.ndarray, "n 2"]) -> Int[np.ndarray, " n"]:
    """One number for each text and position, in their order."""
    return places[:, 0].astype(np.int64) << 32 | places[:, 1]
