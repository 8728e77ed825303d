"""Selection of an atlas's files to share: all of them, or all but the inputs, of a complete atlas only."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ne_core.atlas.manifest import Manifest, manifest_text
from ne_core.atlas.paths import inputs_file
from ne_core.atlas.read_manifest import read_manifest
from ne_core.atlas.verify import verify
from ne_core.errors import AtlasError


@dataclass(frozen=True)
class Selection:
    """Files of the atlas in `root` that its `manifest` lists, and that manifest's bytes."""

    root: Path
    manifest: Manifest
    text: bytes

    @property
    def files(self) -> dict[str, dict]:
        """sha256 and size of each file but the manifest, by name, in order."""
        return dict(sorted(self.manifest.files.items()))

    @property
    def size(self) -> int:
        """Bytes of the files and of the manifest."""
        return self.manifest.size + len(self.text)


def select_files(root: Path, inputs: bool = True, on_progress: Callable[[int, int], None] | None = None) -> Selection:
    """Select the files of an atlas. Raises AtlasError with the first problem of the atlas.

    Without `inputs` the selection is that of an atlas that was built without them.
    """
    for problem in verify(root, on_progress):
        raise AtlasError(problem)
    manifest = read_manifest(root)
    if inputs or not manifest.inputs:
        return Selection(root, manifest, (root / "manifest.json").read_bytes())
    manifest = without_inputs(manifest)
    return Selection(root, manifest, manifest_text(manifest).encode("utf-8"))


def without_inputs(manifest: Manifest) -> Manifest:
    """Return the manifest of the same atlas built without inputs."""
    left_out = set(inputs_of(manifest))
    files = {name: entry for name, entry in manifest.files.items() if name not in left_out}
    return replace(manifest, inputs=False, files=files)


def inputs_size(manifest: Manifest) -> int:
    """Return the bytes of the inputs: a part of the manifest's `size`."""
    return sum(manifest.files[name]["size"] for name in inputs_of(manifest))


def inputs_of(manifest: Manifest) -> list[str]:
    """The files of inputs that the manifest says there are."""
    return [inputs_file(layer) for layer in manifest.layers] if manifest.inputs else []
