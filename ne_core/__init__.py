"""Ideas (embedding, tree, cut, similarity, measures), the atlas contract, and figures; all on numpy arrays."""

VERSION = "0.1.0"
