"""The explorer's pages; each reads as its screen does, from top to bottom."""
