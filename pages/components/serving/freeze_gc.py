"""Exclusion of long-lived objects from garbage collection.

An open atlas and the loaded modules are a hundred thousand objects that are never freed: scanning them takes 60 ms,
during which no session is served. Python collects the other objects automatically. Streamlit's own collection after
every view, which took a fifth of its processor time, is off (`postScriptGC` in .streamlit/config.toml).
"""

import gc
import sys

n_modules = 0  # modules loaded at the last freeze


def freeze() -> None:
    """Freeze all current objects if modules were loaded since the last call: at the first view of each page."""
    global n_modules
    if len(sys.modules) > n_modules:
        n_modules = len(sys.modules)
        gc.collect()
        gc.freeze()
