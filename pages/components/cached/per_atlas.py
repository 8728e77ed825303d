"""What is made once for each atlas and kept for all sessions; anew when the atlas was written anew."""

import streamlit as st

from ne_core.atlas import Atlas


def per_atlas(entries: int = 4, says: str | None = None):
    """A decorator for functions of an atlas and of small values: so many results are kept, `says` stands meanwhile."""
    return st.cache_resource(max_entries=entries, show_spinner=says or False, hash_funcs={Atlas: identity})


def identity(atlas: Atlas) -> tuple[str, str, int]:
    return str(atlas.root), atlas.slug, (atlas.root / "manifest.json").stat().st_mtime_ns
