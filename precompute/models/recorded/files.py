"""A folder of recorded activations: arrays, and activations.json, which says what they are. Nothing is unpickled.

activations.json      {"model": name, "layers": [numbers], and where they differ from the defaults below: "corpus",
                      "units", "act_fn", "causal", "special_ids"}
vocab.json            the text of every token id, a list
tokens.npy            [n_examples n_ctx] whole numbers, padded on the right
lengths.npy           [n_examples] tokens of each example; without it all are n_ctx long
L.x.npy               [n_examples n_ctx d_in] inputs of layer L
L.activations.npy     [n_examples n_ctx n_neurons]
L.W_in.npy, L.b_in.npy   [d_in n_neurons], [n_neurons]; the biases are 0 without a file
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.layer import NeuronLayer
from precompute.config import ConfigError

FACTS = "activations.json"
DEFAULTS = {"corpus": "recorded", "units": "neurons", "act_fn": "unknown", "causal": True, "special_ids": []}
EXPECTED = "docs/inputs-texts.md says what a folder of activations has"
MOST_FACTS = 2**20  # bytes
MOST_LAYERS = 2**15 - 1


class RecordedError(ConfigError):
    """Raised for a folder that is not a recording; the message is one line."""


@dataclass(frozen=True)
class RecordedLayer:
    """One layer; x and activations are memory-mapped."""

    weights: NeuronLayer
    x: Float[np.ndarray, "n_examples n_ctx d_in"]
    activations: Float[np.ndarray, "n_examples n_ctx n_neurons"]


@dataclass(frozen=True)
class Recording:
    """All arrays of a folder, checked against each other."""

    folder: Path
    model: str
    corpus: str
    units: str
    act_fn: str
    causal: bool
    special_ids: Int[np.ndarray, " n_special"]
    vocab: list[str]
    tokens: Int[np.ndarray, "n_examples n_ctx"]
    lengths: Int[np.ndarray, " n_examples"]
    layers: dict[int, RecordedLayer]


def read_recording(folder: str | Path) -> Recording:
    """Read and check a folder. Raises RecordedError, in one line, that names the file."""
    folder = Path(folder)
    facts, vocab = read_facts(folder), read_json(folder / "vocab.json", list)
    if not all(isinstance(text, str) for text in vocab):
        raise RecordedError(f"{folder / 'vocab.json'}: a list of texts is needed, one for each token id")
    tokens = array(folder / "tokens.npy", 2, whole=True)
    lengths = read_lengths(folder, tokens.shape)
    check_tokens(folder, tokens, lengths, len(vocab))
    layers = {layer: read_layer(folder, layer, tokens.shape) for layer in sorted(facts.pop("layers"))}
    special_ids = np.array(facts.pop("special_ids"), np.int32)
    return Recording(
        folder,
        vocab=vocab,
        tokens=tokens.astype(np.int32),
        lengths=lengths,
        layers=layers,
        special_ids=special_ids,
        **facts,
    )


def read_facts(folder: Path) -> dict:
    facts = {**DEFAULTS, **read_json(folder / FACTS, dict)}
    layers, special = facts.get("layers"), facts["special_ids"]
    for message, is_wrong in (
        ("model: a name is needed", not isinstance(facts.get("model"), str)),
        ("layers: a list of different layer numbers is needed", not are_numbers(layers, MOST_LAYERS) or not layers),
        ("special_ids: a list of token ids is needed", not are_numbers(special, 2**31 - 1)),
        ("units: neurons or latents", facts["units"] not in ("neurons", "latents")),
        ("corpus and act_fn: names are needed", not all(isinstance(facts[each], str) for each in ("corpus", "act_fn"))),
        ("causal: true or false", not isinstance(facts["causal"], bool)),
        (f"fields are model, layers, {', '.join(DEFAULTS)}", set(facts) != {"model", "layers", *DEFAULTS}),
    ):
        if is_wrong:
            raise RecordedError(f"{folder / FACTS}: {message}")
    return facts


def are_numbers(values: object, most: int) -> bool:
    """Return whether this is a list of different whole numbers from 0 to `most`."""
    is_list = isinstance(values, list) and all(type(each) is int and 0 <= each <= most for each in values)
    return is_list and len(set(values)) == len(values)


def read_json(path: Path, kind: type) -> dict | list:
    try:
        if path.name == FACTS and path.stat().st_size > MOST_FACTS:
            raise RecordedError(f"{path}: more than {MOST_FACTS:,} bytes")
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordedError(f"{path}: no such file; {EXPECTED}") from None
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, RecordedError):
            raise
        raise RecordedError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from None
    if not isinstance(value, kind):
        raise RecordedError(f"{path}: {kind.__name__} expected, not {type(value).__name__}")
    return value


def array(path: Path, n_dimensions: int, whole: bool = False) -> np.ndarray:
    """Map an array of numbers. Raises RecordedError for another file, number of dimensions or type."""
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise RecordedError(f"{path}: no such file; {EXPECTED}") from None
    except (OSError, ValueError, EOFError) as error:
        raise RecordedError(f"{path}: not a .npy of numbers ({str(error).splitlines()[0]})") from None
    kinds, name = ("iu", "whole numbers") if whole else ("f", "floating point")
    if values.ndim != n_dimensions or values.dtype.kind not in kinds or not values.size:
        raise RecordedError(
            f"{path}: {n_dimensions} dimensions of {name} expected, not {values.dtype} of the shape {values.shape}"
        )
    return values


def read_lengths(folder: Path, shape: tuple[int, ...]) -> Int[np.ndarray, " n_examples"]:
    path = folder / "lengths.npy"
    if not path.exists():
        return np.full(shape[0], shape[1], np.int32)
    lengths = array(path, 1, whole=True)
    if len(lengths) != shape[0] or lengths.min() < 1 or lengths.max() > shape[1]:
        raise RecordedError(f"{path}: {shape[0]} numbers from 1 to {shape[1]} expected, one for each example")
    return lengths.astype(np.int32)


def check_tokens(folder: Path, tokens: np.ndarray, lengths: np.ndarray, n_vocab: int) -> None:
    """Raise RecordedError for a context that an atlas cannot have, or for token ids without a text."""
    if not 2 <= tokens.shape[1] < 2**15:
        raise RecordedError(f"{folder / 'tokens.npy'}: {tokens.shape[1]} tokens an example, not 2 to 32767")
    real = tokens[np.arange(tokens.shape[1]) < lengths[:, None]]
    if real.min() < 0 or real.max() >= n_vocab:
        wrong = int(real.min() if real.min() < 0 else real.max())
        raise RecordedError(f"{folder / 'tokens.npy'}: token {wrong}, but vocab.json has 0 to {n_vocab - 1}")


def read_layer(folder: Path, layer: int, shape: tuple[int, ...]) -> RecordedLayer:
    x, activations = (array(folder / f"{layer}.{name}.npy", 3) for name in ("x", "activations"))
    W_in = array(folder / f"{layer}.W_in.npy", 2)
    for name, values, wanted in (
        ("x", x, (*shape, W_in.shape[0])),
        ("activations", activations, (*shape, W_in.shape[1])),
    ):
        if values.shape != wanted:
            raise RecordedError(
                f"{folder}/{layer}.{name}.npy: the shape {values.shape} does not fit tokens.npy and W_in: {wanted}"
            )
    path = folder / f"{layer}.b_in.npy"
    b_in = array(path, 1) if path.exists() else np.zeros(W_in.shape[1], np.float32)
    if len(b_in) != W_in.shape[1]:
        raise RecordedError(f"{path}: {len(b_in)} biases, and {W_in.shape[1]} neurons in W_in")
    weights = NeuronLayer(*(np.asarray(values, np.float32) for values in (W_in, b_in)))
    return RecordedLayer(weights, x, activations)
