"""Hierarchical clustering: linkage, cuts, the order and the colours of nodes."""
