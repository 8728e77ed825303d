"""Tokens and words as a reader sees them, and the words for an atlas's units and examples."""
