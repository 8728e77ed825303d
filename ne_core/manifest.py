"""The manifest: what an atlas is. Read before anything else, and checked before it is believed."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ne_core.arrays import AtlasError
from ne_core.schema import MANIFEST, SCHEMA_VERSION
from ne_core.windows import Window


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
        return self.raw["default_cut"]

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
    path = root / "manifest.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AtlasError(f"{root} is not a finished atlas: it has no manifest.json") from None
    except (OSError, ValueError, RecursionError):
        raise AtlasError(f"{path} is not readable JSON: build the atlas again") from None
    check_manifest(path, raw)
    return Manifest(raw)


def check_manifest(path: Path, raw: object) -> None:
    """The version first: another version's fields mean nothing here."""
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if version != SCHEMA_VERSION:
        raise AtlasError(f"{path} has schema version {version!r}; this explorer reads version {SCHEMA_VERSION}")
    missing = [field for field in MANIFEST if field not in raw]
    if missing:
        raise AtlasError(f"{path} lacks the field {missing[0]!r}: build the atlas again")
    if not plausible(raw):
        raise AtlasError(
            f"{path} contradicts itself: layers, n_neurons, d_in, window or files are not what they must be"
        )


def plausible(raw: dict) -> bool:
    """Whether the fields that the reader computes with have the types and lengths that it relies on."""

    def whole(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0

    lists = [raw["layers"], raw["n_neurons"], raw["d_in"]]
    return (
        all(isinstance(values, list) and all(map(whole, values)) for values in lists)
        and len({len(values) for values in lists}) == 1
        and len(raw["layers"]) > 0
        and raw["layers"] == sorted(set(raw["layers"]))
        and all(whole(raw[field]) for field in ("n_examples", "n_ctx"))
        and isinstance(raw["window"], dict)
        and whole(raw["window"].get("back"))
        and raw["window"]["back"] > 0
        and whole(raw["window"].get("forward"))
        and isinstance(raw["name"], str)
        and all(isinstance(raw[field], dict) for field in ("model", "corpus", "libraries"))
        and all(raw["n_neurons"])
        and isinstance(raw["default_cut"], int | float)
        and all(isinstance(raw[f], list) and all(isinstance(v, str) for v in raw[f]) for f in ("baselines", "spaces"))
        and raw["default_space"] in raw["spaces"]
        and isinstance(raw["files"], dict)
        and all(isinstance(entry, dict) and whole(entry.get("size")) for entry in raw["files"].values())
    )
