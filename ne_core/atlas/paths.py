"""Paths of files that an atlas has per layer or per space."""

from ne_core.atlas.schema import INPUTS

SPACES_FILE = "spaces.parquet"


def layer_folder(layer: int) -> str:
    return f"layers/{layer:02d}"


def inputs_file(layer: int) -> str:
    return INPUTS.file.replace("LL", f"{layer:02d}")


def index_file(space: str) -> str:
    return f"features_{space}.faiss"
