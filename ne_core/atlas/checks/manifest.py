"""Does a manifest have what the reader computes with, of the kinds and within the limits that it relies on?"""

import reprlib
from collections.abc import Callable
from pathlib import Path

from ne_core.atlas.schema import MANIFEST, MOST_SAMPLED, OPTIONAL, SCHEMA_VERSION
from ne_core.errors import AtlasError
from ne_core.method.contributions import good_contributions
from ne_core.method.embeddings import EMBEDDINGS
from ne_core.method.similar import SPACES

MOST = 2**53  # numbers that every reader of JSON agrees on
MOST_LAYERS = 2**15 - 1  # as the tables store them
MOST_WINDOW = 4096
KINDS, UNITS = ("transformer", "images"), ("neurons", "latents")
LEVELS = 8


def check_manifest(path: Path, raw: object) -> None:
    """The version first: another version's fields mean nothing here."""
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if version != SCHEMA_VERSION or not whole(version):
        other = f"schema version {brief(version)}; this explorer reads version {SCHEMA_VERSION}"
        raise AtlasError(f"{path} has {other}: build the atlas again")
    missing = [field for field in MANIFEST if field not in raw and field not in OPTIONAL]
    if missing:
        raise AtlasError(f"{path} lacks the field {missing[0]!r}: build the atlas again")
    for fields, test in TESTS.items():
        if fields in OPTIONAL and fields not in raw:
            continue
        if not test(*(raw[field] for field in fields.split())):
            wrong = fields.replace(" ", " or ")
            raise AtlasError(f"{path} contradicts itself: {wrong} is not what it must be, build the atlas again")
    if nested([raw], LEVELS):
        raise AtlasError(f"{path} has values within values within values: build the atlas again")


def brief(value: object) -> str:
    """A value as one short line: it may be as long, as deep and as odd as a stranger likes."""
    return reprlib.repr(value)[:80]


def whole(value: object, least: int = 0, most: int = MOST) -> bool:
    return type(value) is int and least <= value <= most  # True is no number here


def wholes(values: object, least: int = 0, most: int = MOST) -> bool:
    return isinstance(values, list) and all(whole(value, least, most) for value in values)


def good_layers(layers: object, n_neurons: object, d_in: object) -> bool:
    """As many of each, layers ascending."""
    return (
        wholes(layers, most=MOST_LAYERS)
        and wholes(n_neurons, least=1)
        and wholes(d_in)
        and 0 < len(layers) == len(n_neurons) == len(d_in)
        and layers == sorted(set(layers))
    )


def good_window(window: object) -> bool:
    if not isinstance(window, dict):
        return False
    back, forward = window.get("back"), window.get("forward")
    return whole(back, 1, MOST_WINDOW) and whole(forward, 0, MOST_WINDOW)


def good_spaces(spaces: object, default: object) -> bool:
    """Spaces that this reader knows, each once, and one of them to start with."""
    return (
        isinstance(spaces, list)
        and all(isinstance(space, str) and space in SPACES for space in spaces)
        and len(set(spaces)) == len(spaces)
        and default in spaces
    )


def good_baselines(kind: object, names: object) -> bool:
    """Nothing of an image is masked."""
    if kind == "images":
        return names == []
    return isinstance(names, list) and 0 < len(names) <= 100 and all(isinstance(name, str) for name in names)


def good_examples(kind: object, n_ctx: object, window: dict) -> bool:
    """An image has one position, its label's, and nothing around it."""
    return kind != "images" or (n_ctx == 1 and window["back"] == 1 and window["forward"] == 0)


def good_layer_names(layers: object, names: object) -> bool:
    """None, or a short one for each layer."""
    return names is None or (
        isinstance(names, list)
        and len(names) == len(layers)
        and all(isinstance(name, str) and 0 < len(name) <= 100 for name in names)
    )


def good_cut(cut: object) -> bool:
    """Within what a cosine distance can be; NaN is not."""
    return type(cut) in (int, float) and 0 <= cut <= 2


def good_rarefied(facts: object) -> bool:
    """None, or how many there are of each."""
    return facts is None or (
        isinstance(facts, dict)
        and whole(facts.get("examples"), 2, MOST_SAMPLED)
        and all(whole(facts.get(name), 1, MOST_SAMPLED) for name in ("sets", "orders", "directions"))
    )


def good_clipped(clipped: object) -> bool:
    """Files by name, and how many numbers of each."""
    return isinstance(clipped, dict) and len(clipped) <= MOST_LAYERS and all(map(whole, clipped.values()))


def good_files(files: object) -> bool:
    return isinstance(files, dict) and all(isinstance(f, dict) and whole(f.get("size")) for f in files.values())


# The fields that the reader computes with, and what it relies on; the others are only ever shown.
TESTS: dict[str, Callable[..., bool]] = {
    "name": lambda name: isinstance(name, str) and len(name) <= 1000,
    "layers n_neurons d_in": good_layers,
    "kind": lambda kind: kind in KINDS,
    "units": lambda units: units in UNITS,
    "layers layer_names": good_layer_names,
    "n_examples n_ctx": lambda n_examples, n_ctx: whole(n_examples) and whole(n_ctx),
    "window": good_window,
    "kind n_ctx window": good_examples,
    "kind baselines": good_baselines,
    "spaces default_space": good_spaces,
    "embedding": lambda name: isinstance(name, str) and name in EMBEDDINGS,
    "default_cut": good_cut,
    "sample_positions": lambda n: whole(n, most=MOST_SAMPLED),
    "inputs": lambda inputs: type(inputs) is bool,
    "kind units layers contributions": good_contributions,
    "logit_effects": lambda there: type(there) is bool,
    "compared": lambda there: type(there) is bool,
    "rarefied": good_rarefied,
    "model corpus libraries": lambda *each: all(isinstance(value, dict) for value in each),
    "clipped": good_clipped,
    "files": good_files,
}


def nested(values: list, most: int) -> bool:
    """Whether anything lies deeper than `most` levels: what prints it, level by level, would run out of stack."""
    for _ in range(most):
        values = [v for each in values for v in (each.values() if isinstance(each, dict) else listed(each))]
    return bool(values)


def listed(value: object) -> list:
    return value if isinstance(value, list) else []
