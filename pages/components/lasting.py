"""What stays for as long as the process lives is not looked through after every view.

Streamlit collects garbage at the end of every script run. With an atlas open and the modules loaded that is a hundred
thousand objects, of which none ever goes: 60 ms, during which no other session is served.
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
