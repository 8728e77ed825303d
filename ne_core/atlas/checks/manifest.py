"""Check a manifest: every field is what it is declared to be, and they agree with each other."""

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
    """The version first: another version's fields mean nothing here."""
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if version != SCHEMA_VERSION or not whole(version):
        other = f"schema version {brief(version)}; this explorer reads version {SCHEMA_VERSION}"
        raise AtlasError(f"{path} has {other}: build the atlas again")
    missing = [name for name, hint in declared(Manifest).items() if name not in raw and not optional(hint)]
    if missing:
        raise AtlasError(f"{path} lacks the field {missing[0]!r}: build the atlas again")
    if nested([raw], LEVELS):
        raise AtlasError(f"{path} has values within values within values: build the atlas again")
    try:
        manifest = from_json(Manifest, raw)
    except MismatchError as error:
        wrong = f"{brief(error.field).strip(QUOTES)} is not what it must be, {error.expected}"
        raise AtlasError(f"{path} contradicts itself: {wrong}: build the atlas again") from None
    for names, holds in AGREE.items():
        if not holds(manifest):
            raise AtlasError(f"{path} contradicts itself: {names} is not what it must be, build the atlas again")
    return manifest


def brief(value: object) -> str:
    """A value as one short line: it may be as long, as deep and as odd as a stranger likes."""
    return reprlib.repr(value)[:80]


def whole(value: object, least: int = 0, most: int = MOST) -> bool:
    return type(value) is int and least <= value <= most  # True is no number here


def good_layers(manifest: Manifest) -> bool:
    """As many of each, layers ascending."""
    layers, n_neurons, d_in = manifest.layers, manifest.n_neurons, manifest.d_in
    return 0 < len(layers) == len(n_neurons) == len(d_in) and layers == tuple(sorted(set(layers)))


def good_examples(manifest: Manifest) -> bool:
    """An image has one position, its label's, and nothing around it."""
    return not manifest.images or (manifest.n_ctx == 1 and manifest.window == Window(back=1, forward=0))


# Fields that have to agree with each other.
AGREE: dict[str, Callable[[Manifest], bool]] = {
    "layers or n_neurons or d_in": good_layers,
    "layers or layer_names": lambda m: m.layer_names is None or len(m.layer_names) == len(m.layers),
    "kind or n_ctx or window": good_examples,
    "kind or baselines": lambda m: m.images != bool(m.baselines),  # nothing of an image is masked
    "spaces or default_space": lambda m: m.default_space in m.spaces,
    "kind or units or layers or contributions": lambda m: m.parts is None or can_be_split(m),
}


def can_be_split(manifest: Manifest) -> bool:
    """Whether there may be such parts of these neurons, and as many as can be counted."""
    of_neurons = manifest.kind == "transformer" and manifest.units == "neurons"
    return of_neurons and manifest.parts.countable(manifest.layers[-1])


def good_cut(cut: object) -> bool:
    """Within what a cosine distance can be; NaN is not."""
    return type(cut) in (int, float) and 0 <= cut <= 2


def nested(values: list, most: int) -> bool:
    """Whether anything lies deeper than `most` levels: what prints it, level by level, would run out of stack."""
    for _ in range(most):
        values = [v for each in values for v in (each.values() if isinstance(each, dict) else listed(each))]
    return bool(values)


def listed(value: object) -> list:
    return value if isinstance(value, list) else []
