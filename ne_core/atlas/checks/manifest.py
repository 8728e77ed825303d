"""Check a manifest: every field is as declared, and the fields agree with each other."""

import reprlib
from collections.abc import Callable
from pathlib import Path

from ne_core.atlas.manifest import MOST, Manifest
from ne_core.atlas.schema import SCHEMA_VERSION
from ne_core.atlas.typed_json import MismatchError, declared, from_json, optional
from ne_core.errors import AtlasError
from ne_core.text.windows import Window

QUOTES = "'\""
LEVELS = 8


def checked_manifest(path: Path, raw: object) -> Manifest:
    """Check the parsed JSON of a manifest, the version first. Raises AtlasError in one line."""
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if version != SCHEMA_VERSION or not whole(version):
        other = f"schema version {brief(version)}; this explorer reads version {SCHEMA_VERSION}"
        raise AtlasError(f"{path} has {other}: build the atlas again")
    missing = [name for name, hint in declared(Manifest).items() if name not in raw and not optional(hint)]
    if missing:
        raise AtlasError(f"{path} lacks the field {missing[0]!r}: build the atlas again")
    if nested([raw], LEVELS):
        raise AtlasError(f"{path} is nested too deep: build the atlas again")
    try:
        manifest = from_json(Manifest, raw)
    except MismatchError as error:
        problem = f"{brief(error.field).strip(QUOTES)} must be {error.expected}"
        raise AtlasError(f"{path} contradicts itself: {problem}: build the atlas again") from None
    for names, holds in AGREE.items():
        if not holds(manifest):
            raise AtlasError(f"{path} contradicts itself: {names} do not agree: build the atlas again")
    return manifest


def brief(value: object) -> str:
    """Shorten a value to one line: an untrusted value may be long, deep and odd."""
    return reprlib.repr(value)[:80]


def whole(value: object, least: int = 0, most: int = MOST) -> bool:
    """Return whether the value is a whole number within the limits."""
    return type(value) is int and least <= value <= most  # True is not a number


def good_layers(manifest: Manifest) -> bool:
    """True if there is one value per layer, and layers are ascending."""
    layers, n_neurons, d_in = manifest.layers, manifest.n_neurons, manifest.d_in
    return 0 < len(layers) == len(n_neurons) == len(d_in) and layers == tuple(sorted(set(layers)))


def good_examples(manifest: Manifest) -> bool:
    """True for texts, and for images with one position, that of the label."""
    return not manifest.images or (manifest.n_ctx == 1 and manifest.window == Window(back=1, forward=0))


# Fields that must agree with each other.
AGREE: dict[str, Callable[[Manifest], bool]] = {
    "layers, n_neurons and d_in": good_layers,
    "layers and layer_names": lambda m: m.layer_names is None or len(m.layer_names) == len(m.layers),
    "kind, n_ctx and window": good_examples,
    "kind and baselines": lambda m: m.images != bool(m.baselines),  # images have no masks
    "embedding and other_trees": lambda m: m.other_trees is None or m.other_trees.embedding != m.embedding,
    "spaces and default_space": lambda m: m.default_space in m.spaces,
    "kind, units, layers and contributions": lambda m: m.parts is None or can_be_split(m),
}


def can_be_split(manifest: Manifest) -> bool:
    """True if these neurons may have contributions, and the number of parts is within bounds."""
    of_neurons = manifest.kind == "transformer" and manifest.units == "neurons"
    return of_neurons and manifest.parts.countable(manifest.layers[-1])


def good_cut(cut: object) -> bool:
    """True for a cosine distance, from 0 to 2; False for NaN."""
    return type(cut) in (int, float) and 0 <= cut <= 2


def nested(values: list, most: int) -> bool:
    """True if anything is nested deeper than `most` levels, which would exceed the recursion limit when printed."""
    for _ in range(most):
        values = [v for each in values for v in (each.values() if isinstance(each, dict) else listed(each))]
    return bool(values)


def listed(value: object) -> list:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []
