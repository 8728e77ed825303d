"""Check the documents of an atlas: they start in order within its examples, and their names and groups exist."""

from pathlib import Path

import numpy as np

from ne_core.atlas.arrays import release_pages
from ne_core.atlas.checks.tables import in_range
from ne_core.atlas.data import AtlasData
from ne_core.atlas.documents import Names
from ne_core.atlas.documents_schema import LONGEST_NAME
from ne_core.errors import AtlasError


def check_documents(atlas: AtlasData) -> None:
    """Raise AtlasError unless every position of an example has a document with a name."""
    folder, documents = atlas.root / "documents", atlas.documents
    starts = documents.starts
    n_positions = atlas.manifest.n_examples * atlas.manifest.n_ctx
    # compared, not subtracted: differences of huge numbers come out small
    if starts[:1].tolist() != [0] * (n_positions > 0) or (starts[1:] <= starts[:-1]).any():
        raise AtlasError(f"{folder / 'starts.npy'} does not divide the examples into documents: build the atlas again")
    in_range(folder / "starts.npy", starts[-1:], n_positions)
    in_range(folder / "group.npy", documents.group, len(documents.groups))
    check_names(folder / "name_ends.npy", documents.names)
    check_names(folder / "group_ends.npy", documents.groups)
    for column in documents.columns().values():
        release_pages(column)


def check_names(path: Path, names: Names) -> None:
    """Raise AtlasError unless the ends divide the bytes into names that can be shown."""
    ends = names.ends
    if len(ends) and (ends[0] < 0 or (ends[1:] < ends[:-1]).any()):
        raise AtlasError(f"{path} does not divide the bytes of the names: build the atlas again")
    if (ends[-1] if len(ends) else 0) != len(names.utf8):
        raise AtlasError(f"{path} does not end with the bytes of the names: build the atlas again")
    if np.diff(ends, prepend=0).max(initial=0) > LONGEST_NAME:
        raise AtlasError(f"{path} has a name of more than {LONGEST_NAME} bytes: build the atlas again")
