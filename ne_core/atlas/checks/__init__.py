"""Checks of an atlas, a file for each part of it."""
