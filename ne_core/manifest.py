"""The manifest: what an atlas is. Read before anything else, and checked before it is believed."""

import json
import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ne_core.arrays import AtlasError, own_file
from ne_core.schema import MANIFEST, SCHEMA_VERSION
from ne_core.similar import SPACES
from ne_core.windows import Window

MOST_BYTES = 2**22  # of the manifest, which lists some hundred files
MOST = 2**53  # numbers that every reader of JSON agrees on
MOST_LAYERS = 2**15 - 1  # as the tables store them
MOST_WINDOW = 4096
LEVELS = 8


@dataclass(frozen=True)
class Manifest:
    """The fields of manifest.json; `raw` keeps all of them as they were written."""

    raw: dict

    @property
    def name(self) -> str:
        return self.raw["name"]

    @property
    def layers(self) -> tuple[int, ...]:
        return tuple(self.raw["layers"])

    @cached_property
    def n_neurons(self) -> dict[int, int]:
        return dict(zip(self.layers, self.raw["n_neurons"], strict=True))

    @cached_property
    def d_in(self) -> dict[int, int]:
        return dict(zip(self.layers, self.raw["d_in"], strict=True))

    @property
    def window(self) -> Window:
        return Window(self.raw["window"]["back"], self.raw["window"]["forward"])

    @property
    def baselines(self) -> tuple[str, ...]:
        return tuple(self.raw["baselines"])

    @property
    def spaces(self) -> tuple[str, ...]:
        return tuple(self.raw["spaces"])

    @property
    def default_space(self) -> str:
        return self.raw["default_space"]

    @property
    def default_cut(self) -> float:
        return float(self.raw["default_cut"])

    @property
    def causal(self) -> bool:
        """Whether tokens after the key token are context only: the model had not read them."""
        return bool(self.raw["model"].get("causal", True))

    @property
    def files(self) -> dict[str, dict]:
        """sha256 and size of every other file, by its path inside the atlas."""
        return self.raw["files"]


def read_manifest(root: Path) -> Manifest:
    """The manifest of the atlas in `root`. Raises AtlasError where there is none or it is of another version."""
    if not (root / "manifest.json").exists():
        raise AtlasError(f"{root} is not a finished atlas: it has no manifest.json")
    raw = load_json(root, "manifest.json", MOST_BYTES)
    check_manifest(root / "manifest.json", raw)
    return Manifest(raw)


def load_json(root: Path, name: str, most: int) -> object:
    """What a JSON file of at most so many bytes holds."""
    path = own_file(root, name)
    if path.stat().st_size > most:
        raise AtlasError(f"{path} is longer than {most} bytes: build the atlas again")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise AtlasError(f"{path} is not readable JSON: build the atlas again") from None


def check_manifest(path: Path, raw: object) -> None:
    """The version first: another version's fields mean nothing here."""
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if version != SCHEMA_VERSION or not whole(version):
        raise AtlasError(f"{path} has schema version {brief(version)}; this explorer reads version {SCHEMA_VERSION}")
    missing = [field for field in MANIFEST if field not in raw]
    if missing:
        raise AtlasError(f"{path} lacks the field {missing[0]!r}: build the atlas again")
    for fields, test in TESTS.items():
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


def good_names(names: object) -> bool:
    return isinstance(names, list) and 0 < len(names) <= 100 and all(isinstance(name, str) for name in names)


def good_cut(cut: object) -> bool:
    """Within what a cosine distance can be; NaN is not."""
    return type(cut) in (int, float) and 0 <= cut <= 2


def good_files(files: object) -> bool:
    return isinstance(files, dict) and all(isinstance(f, dict) and whole(f.get("size")) for f in files.values())


# The fields that the reader computes with, and what it relies on; the others are only ever shown.
TESTS: dict[str, Callable[..., bool]] = {
    "name": lambda name: isinstance(name, str) and len(name) <= 1000,
    "layers n_neurons d_in": good_layers,
    "n_examples n_ctx": lambda n_examples, n_ctx: whole(n_examples) and whole(n_ctx),
    "window": good_window,
    "baselines": good_names,
    "spaces default_space": good_spaces,
    "default_cut": good_cut,
    "model corpus libraries": lambda *each: all(isinstance(value, dict) for value in each),
    "files": good_files,
}


def nested(values: list, most: int) -> bool:
    """Whether anything lies deeper than `most` levels: what prints it, level by level, would run out of stack."""
    for _ in range(most):
        values = [v for each in values for v in (each.values() if isinstance(each, dict) else listed(each))]
    return bool(values)


def listed(value: object) -> list:
    return value if isinstance(value, list) else []
