"""The ideas (embedding, tree, cut, similarity, measures), the contract (what an atlas is) and the pictures, on arrays."""
