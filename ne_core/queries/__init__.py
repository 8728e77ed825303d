"""Queries that the screens make."""
