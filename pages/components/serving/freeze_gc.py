"""What stays for as long as the process lives is not looked through for garbage.

With an atlas open and the modules loaded that is a hundred thousand objects, of which none ever goes: 60 ms, during
which no session is served. Python looks through the others by itself, now and then; Streamlit would after every view
(`postScriptGC` in .streamlit/config.toml), which took a fifth of a view's processor time.
"""

import gc
import sys

modules = 0  # how many were loaded when everything was last set aside


def keep() -> None:
    """Set aside what there is now, if modules have come since: at the first view of each page, and hardly again."""
    global modules
    if len(sys.modules) > modules:
        modules = len(sys.modules)
        gc.collect()
        gc.freeze()
