"""What of an atlas is given to others: all of it, or all but the inputs. Only a whole atlas is."""

from dataclasses import dataclass, replace
from pathlib import Path

from ne_core.atlas.manifest import Manifest, manifest_text
from ne_core.atlas.paths import inputs_file
from ne_core.atlas.read_manifest import read_manifest
from ne_core.atlas.verify import verify
from ne_core.errors import AtlasError


@dataclass(frozen=True)
class Selection:
    """The files of the atlas in `root` that its `manifest` lists, and that manifest as it is written."""

    root: Path
    manifest: Manifest
    text: bytes

    @property
    def files(self) -> dict[str, dict]:
        """sha256 and size of each but the manifest, by name, in order."""
        return dict(sorted(self.manifest.files.items()))

    @property
    def size(self) -> int:
        return self.manifest.size + len(self.text)


def selected(root: Path, inputs: bool = True) -> Selection:
    """Raises AtlasError with the first thing that is wrong. Without inputs it is as if built without them."""
    for problem in verify(root):
        raise AtlasError(problem)
    manifest = read_manifest(root)
    if inputs or not manifest.inputs:
        return Selection(root, manifest, (root / "manifest.json").read_bytes())
    manifest = without_inputs(manifest)
    return Selection(root, manifest, manifest_text(manifest).encode("utf-8"))


def without_inputs(manifest: Manifest) -> Manifest:
    """As if the atlas was built without them."""
    left_out = set(inputs_of(manifest))
    files = {name: entry for name, entry in manifest.files.items() if name not in left_out}
    return replace(manifest, inputs=False, files=files)


def inputs_size(manifest: Manifest) -> int:
    """Bytes of them: a part of the manifest's `size`."""
    return sum(manifest.files[name]["size"] for name in inputs_of(manifest))


def inputs_of(manifest: Manifest) -> list[str]:
    return [inputs_file(layer) for layer in manifest.layers] if manifest.inputs else []
