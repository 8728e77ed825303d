"""Ideas (embedding, tree, cut, similarity, measures), the contract (what an atlas is), and pictures; all on arrays."""

VERSION = "0.1.0"
