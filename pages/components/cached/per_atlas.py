"""A cache of results per atlas, shared by all sessions and refreshed when the atlas is rewritten."""

import streamlit as st

from ne_core.atlas import Atlas


def per_atlas(entries: int = 4, spinner: str | None = None):
    """Decorate a function of an atlas and small values to cache up to `entries` results; `spinner` is its message."""
    return st.cache_resource(max_entries=entries, show_spinner=spinner or False, hash_funcs={Atlas: identity})


def identity(atlas: Atlas) -> tuple[str, str, int]:
    return str(atlas.root), atlas.slug, (atlas.root / "manifest.json").stat().st_mtime_ns
