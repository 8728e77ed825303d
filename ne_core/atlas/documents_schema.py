"""Schema of `documents/`, the sources of an atlas's examples: where each document starts, and its name."""

from ne_core.atlas.schema import Array

DOCUMENTS = (
    Array(
        "documents/starts.npy",
        "int64",
        ("n_documents",),
        "first position of each document, as example · n_ctx + position, ascending: a position belongs to the last "
        "document that starts at or before it",
    ),
    Array("documents/group.npy", "int32", ("n_documents",), "group of each document: its package, file or data set"),
    Array(
        "documents/names.npy",
        "uint8",
        ("n_name_bytes",),
        "the rest of each document's name (object, line or row) in UTF-8, one after the other; the whole name is that "
        "of its group followed by it",
    ),
    Array("documents/name_ends.npy", "int64", ("n_documents",), "byte at which each of them ends"),
    Array("documents/groups.npy", "uint8", ("n_group_bytes",), "names of the groups in UTF-8, one after the other"),
    Array("documents/group_ends.npy", "int64", ("n_groups",), "byte at which each of them ends"),
)
LONGEST_NAME = 1000  # bytes of a name; longer ones are truncated by the build
