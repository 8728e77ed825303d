"""Paths of files that an atlas has per layer or per space."""

from ne_core.atlas.schema import INPUTS

SPACES_FILE = "spaces.parquet"


def layer_folder(layer: int) -> str:
    """The folder of a layer within the atlas."""
    return f"layers/{layer:02d}"


def inputs_file(layer: int) -> str:
    """The file of a layer's inputs within the atlas."""
    return INPUTS.file.replace("LL", f"{layer:02d}")


def index_file(space: str) -> str:
    """The file of a space's index within the atlas."""
    return f"features_{space}.faiss"
