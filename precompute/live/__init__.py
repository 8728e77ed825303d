"""A model that answers while somebody waits."""
