"""The manifest: what an atlas is. Read before anything else, and checked before it is believed."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ne_core.atlas.arrays import own_file
from ne_core.atlas.checks.manifest import check_manifest
from ne_core.errors import AtlasError
from ne_core.method.contributions import Parts, parts_from
from ne_core.text.vocabulary import Vocabulary, vocabulary
from ne_core.text.windows import Window

MOST_BYTES = 2**22  # of the manifest, which lists some hundred files


@dataclass(frozen=True)
class Manifest:
    """The fields of manifest.json; `raw` keeps all of them as they were written."""

    raw: dict

    @property
    def name(self) -> str:
        return self.raw["name"]

    @property
    def images(self) -> bool:
        """Whether examples are images, of one token each: their label."""
        return self.raw["kind"] == "images"

    @property
    def units(self) -> str:
        """What its neurons are called: neurons or latents."""
        return self.raw["units"]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words in which its pages and files speak."""
        return vocabulary(self.units, self.images)

    @property
    def layers(self) -> tuple[int, ...]:
        return tuple(self.raw["layers"])

    @cached_property
    def n_neurons(self) -> dict[int, int]:
        return dict(zip(self.layers, self.raw["n_neurons"], strict=True))

    @cached_property
    def layer_names(self) -> dict[int, str]:
        """What each layer is called; its number as text where it has no name."""
        return dict(zip(self.layers, self.raw["layer_names"] or map(str, self.layers), strict=True))

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
    def embedding(self) -> str:
        """The space whose distances make the trees: a name of ne_core/method/embeddings.py."""
        return self.raw["embedding"]

    @property
    def default_cut(self) -> float:
        return float(self.raw["default_cut"])

    @property
    def sample_positions(self) -> int:
        return self.raw["sample_positions"]

    @property
    def inputs(self) -> bool:
        """Whether the atlas holds x of every kept example."""
        return self.raw["inputs"]

    @property
    def logit_effects(self) -> bool:
        """Whether the atlas holds what neurons do to the logits."""
        return self.raw["logit_effects"]

    @property
    def compared(self) -> bool:
        """Whether the atlas compares spaces, neuron by neuron."""
        return self.raw["compared"]

    @property
    def rarefied(self) -> dict[str, int] | None:
        """At how many `examples` features are compared, by how many `sets`, `orders` and `directions`; None: not."""
        return self.raw["rarefied"]

    @property
    def parts(self) -> Parts | None:
        """What pre-activations are split into; None where they are not."""
        return parts_from(self.raw["contributions"])

    @property
    def why_no_parts(self) -> str:
        """What the atlas says of that; empty where they are split. A stranger's text."""
        return "" if self.parts else self.raw["contributions"]

    @property
    def causal(self) -> bool:
        """Whether tokens after the key token are context only: the model had not read them."""
        return bool(self.raw["model"].get("causal", True))

    @property
    def clipped(self) -> dict[str, int]:
        """By file, how many of its numbers stand at the end of half precision; empty where nobody counted."""
        return self.raw.get("clipped", {})

    @property
    def files(self) -> dict[str, dict]:
        """sha256 and size of every other file, by its path inside the atlas."""
        return self.raw["files"]

    @property
    def size(self) -> int:
        """Bytes of all these files."""
        return sum(entry["size"] for entry in self.files.values())


def read_manifest(root: Path) -> Manifest:
    """The manifest of the atlas in `root`. Raises AtlasError where there is none or it is of another version."""
    if not (root / "manifest.json").exists():
        raise AtlasError(f"{root} is not a finished atlas: it has no manifest.json")
    return manifest_of(root / "manifest.json", small_file(root, "manifest.json", MOST_BYTES))


def manifest_of(path: Path, text: bytes) -> Manifest:
    """The manifest that the text is; `path` is where it came from, for messages."""
    raw = parsed(path, text)
    check_manifest(path, raw)
    return Manifest(raw)


def manifest_text(raw: dict) -> str:
    """The one form in which a manifest is written: the same fields, the same bytes."""
    return json.dumps(raw, indent=1, sort_keys=True, allow_nan=False) + "\n"


def load_json(root: Path, name: str, most: int) -> object:
    """What a JSON file of at most so many bytes holds."""
    return parsed(root / name, small_file(root, name, most))


def small_file(root: Path, name: str, most: int) -> bytes:
    path = own_file(root, name)
    if path.stat().st_size > most:
        raise AtlasError(f"{path} is longer than {most} bytes: build the atlas again")
    try:
        return path.read_bytes()
    except OSError as error:
        raise AtlasError(f"{path} cannot be read: {error.strerror}") from None


def parsed(path: Path, text: bytes) -> object:
    try:
        return json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise AtlasError(f"{path} is not readable JSON: build the atlas again") from None
